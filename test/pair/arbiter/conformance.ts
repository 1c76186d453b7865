/** What every arbiter must do, whatever its storage: one suite for all of them. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { VmftError } from '../../../src/base/errors.js';
import type { Arbiter, FlagRequest } from '../../../src/pair/arbiter/arbiter.js';

/** Storage of one kind, with nothing in it. */
export interface ArbiterStorage {
  /** For other processes; null when they cannot see it. */
  readonly url: string | null;
  open(): Promise<Arbiter>;
  /** Puts something foreign where the flag of generation 1 of machine `m` is to be found. */
  spoil(): Promise<void>;
  remove(): Promise<void>;
}

const request: FlagRequest = { machineId: 'm', generation: 1n, replicaId: 'a' };
const script = fileURLToPath(new URL('./claimant-process.js', import.meta.url));

export async function rejection(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'none',
    (error: unknown) => (error instanceof VmftError ? error.code : String(error)),
  );
}

export function describeArbiter(
  name: string,
  skip: string | false,
  fresh: () => Promise<ArbiterStorage>,
): void {
  describe(`${name} as any arbiter`, { skip }, () => {
    let storage: ArbiterStorage;
    const arbiters: Arbiter[] = [];
    const open = async (): Promise<Arbiter> => {
      const arbiter = await storage.open();
      arbiters.push(arbiter);
      return arbiter;
    };

    beforeEach(async () => {
      storage = await fresh();
    });
    afterEach(async () => {
      for (const arbiter of arbiters.splice(0)) arbiter.close();
      await storage.remove();
    });

    it('gives a flag once, and the same answer for ever', async () => {
      const [one, two] = [await open(), await open()];
      await one.form(request);
      assert.deepEqual(await one.testAndSet(request), { kind: 'won' });
      const lost = { kind: 'lost', winner: 'a' };
      for (let again = 0; again < 3; again += 1) {
        assert.deepEqual(await two.testAndSet({ ...request, replicaId: 'b' }), lost);
        assert.deepEqual(await one.testAndSet(request), { kind: 'won' });
      }
    });

    it('knows a replica’s own flag although the answer was never heard', async () => {
      const [before, other] = [await open(), await open()];
      await before.form(request);
      void before.testAndSet(request).catch(() => undefined);
      const outcome = await other.testAndSet({ ...request, replicaId: 'b' });
      before.close();
      const after = await open();
      const own = await after.testAndSet(request);
      assert.deepEqual([outcome.kind, own.kind].sort(), ['lost', 'won']);
    });

    it('gives each generation its own flag, and an older one to nobody else', async () => {
      const [one, two] = [await open(), await open()];
      await one.form(request);
      assert.deepEqual(await one.testAndSet(request), { kind: 'won' });
      await one.form({ ...request, generation: 2n });
      const b = { ...request, replicaId: 'b' };
      assert.deepEqual(await two.testAndSet({ ...b, generation: 2n }), { kind: 'won' });
      assert.deepEqual(await two.testAndSet(b), { kind: 'lost', winner: 'a' });
      assert.deepEqual(await one.testAndSet({ ...request, generation: 2n }), {
        kind: 'lost',
        winner: 'b',
      });
      await two.form({ ...b, generation: 30n });
      assert.equal((await one.testAndSet({ ...request, generation: 2n })).kind, 'lost');
    });

    it('has one winner among many at once in a process', async () => {
      const all = await Promise.all([...Array(20).keys()].map(open));
      for (const generation of [1n, 2n, 3n]) {
        await all[0]?.form({ ...request, generation });
        const outcomes = await Promise.all(
          all.map((arbiter, n) =>
            arbiter.testAndSet({ ...request, generation, replicaId: `r${n}` }),
          ),
        );
        const winner = outcomes.findIndex(({ kind }) => kind === 'won');
        const lost = { kind: 'lost', winner: `r${winner}` };
        outcomes.forEach((outcome, n) => {
          assert.deepEqual(outcome, n === winner ? { kind: 'won' } : lost);
        });
      }
    });

    it('has one winner among processes, of which one is killed', async (context) => {
      const { url } = storage;
      if (url === null) {
        context.skip('other processes cannot see this storage');
        return;
      }
      const arbiter = await open();
      const claimants = await Promise.all([...Array(6).keys()].map((n) => Claimant.start(url, n)));
      try {
        for (let generation = 1n; generation <= 8n; generation += 1n) {
          await arbiter.form({ ...request, generation });
          const answers = await Promise.all(claimants.map((each) => each.try('m', generation)));
          assertOneWinner(answers, claimants);
          // Asked again, each says the same.
          const again = await Promise.all(claimants.map((each) => each.try('m', generation)));
          assert.deepEqual(again, answers);
        }
        await arbiter.form({ ...request, generation: 9n });
        const answers = Promise.all(claimants.slice(1).map((each) => each.try('m', 9n)));
        claimants[0]?.tell('m', 9n);
        claimants[0]?.kill();
        const reborn = await Claimant.start(url, 0);
        const all = [await reborn.try('m', 9n), ...(await answers)];
        assertOneWinner(all, claimants);
        reborn.kill();
      } finally {
        for (const claimant of claimants) claimant.kill();
      }
    });

    it('shows the mark of a forming generation to whoever sees the same storage', async () => {
      const [one, two] = [await open(), await open()];
      assert.equal(await two.sees('m', 1n), false);
      await one.form(request);
      await one.form(request);
      assert.equal(await two.sees('m', 1n), true);
      assert.equal(await two.sees('m', 2n), false);
      assert.equal(await two.sees('n', 1n), false);
      assert.equal(await rejection(two.form({ ...request, replicaId: 'b' })), 'arbiter-unusable');
      assert.deepEqual(await one.testAndSet(request), { kind: 'won' });
      assert.equal(await two.sees('m', 1n), true);
    });

    it('tells who formed and who won, where and when', async () => {
      const arbiter = await open();
      assert.deepEqual(await arbiter.read(null), []);
      const sinceMs = Date.now();
      await arbiter.form(request);
      await arbiter.testAndSet({ ...request, replicaId: 'b' });
      const entries = await arbiter.read('m');
      assert.deepEqual(await arbiter.read(null), entries);
      assert.deepEqual(await arbiter.read('other'), []);
      assert.deepEqual(
        entries.map(({ kind, machineId, replicaId, generation }) => [
          ...[kind, machineId, replicaId, generation],
        ]),
        [
          ['formed', 'm', 'a', 1n],
          ['taken', 'm', 'b', 1n],
        ],
      );
      for (const { at, host } of entries) {
        assert.ok(Date.parse(at) >= sinceMs && Date.parse(at) <= Date.now(), at);
        assert.notEqual(host, '');
      }
    });

    it('does not pass over what is no flag', async () => {
      const arbiter = await open();
      await storage.spoil();
      assert.equal(await rejection(arbiter.form(request)), 'arbiter-unusable');
      assert.equal(await rejection(arbiter.testAndSet(request)), 'arbiter-unusable');
      assert.equal(await rejection(arbiter.read(null)), 'arbiter-unusable');
    });

    it('takes no machine id that is no name', async () => {
      const arbiter = await open();
      const strange = { ...request, machineId: '../x' };
      assert.equal(await rejection(arbiter.form(strange)), 'bad-argument');
      assert.equal(await rejection(arbiter.testAndSet(strange)), 'bad-argument');
    });

    it('may be closed twice', async () => {
      const arbiter = await open();
      arbiter.close();
      arbiter.close();
    });
  });
}

function assertOneWinner(answers: readonly string[], claimants: readonly Claimant[]): void {
  const winner = answers.indexOf('won');
  assert.notEqual(winner, -1, answers.join());
  const lost = `lost to ${claimants[winner]?.replicaId ?? ''}`;
  answers.forEach((answer, n) => {
    assert.equal(answer, n === winner ? 'won' : lost, answers.join());
  });
}

/** Another process that tries for flags. */
class Claimant {
  private waiting: ((line: string) => void)[] = [];

  private constructor(
    private readonly child: ChildProcess,
    readonly replicaId: string,
  ) {
    if (child.stdout === null) throw new Error('no pipe');
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.waiting.shift()?.(line);
    });
  }

  static async start(url: string, n: number): Promise<Claimant> {
    const replicaId = `p${n}`;
    const child = spawn(process.execPath, [script, url, replicaId], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const claimant = new Claimant(child, replicaId);
    assert.equal(await claimant.line(), 'ready');
    return claimant;
  }

  try(machineId: string, generation: bigint): Promise<string> {
    const answer = this.line();
    this.tell(machineId, generation);
    return answer;
  }

  tell(machineId: string, generation: bigint): void {
    this.child.stdin?.write(`${machineId} ${generation}\n`);
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  private line(): Promise<string> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
    });
  }
}
