import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { VmftError } from '../../../src/base/errors.js';
import { systemClock } from '../../../src/flow/world/system-clock.js';
import type { Arbiter, FlagOutcome } from '../../../src/pair/arbiter/arbiter.js';
import { FileArbiter } from '../../../src/pair/arbiter/file-arbiter.js';
import { openArbiter } from '../../../src/pair/arbiter/open-arbiter.js';
import { PatientArbiter } from '../../../src/pair/arbiter/patient-arbiter.js';
import type { ArbitrationResult } from '../../../src/pair/role/role.js';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'vmft-arbiter-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

const request = { machineId: 'm', generation: 1n, replicaId: 'a' };

async function rejection(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'none',
    (error: unknown) => (error instanceof VmftError ? error.code : String(error)),
  );
}

describe('the file arbiter', () => {
  it('gives a flag once, and the same answer for ever', async () => {
    const one = new FileArbiter(directory, 'one');
    const two = new FileArbiter(directory, 'two');
    assert.deepEqual(await one.testAndSet(request), { kind: 'won' });
    assert.deepEqual(await two.testAndSet({ ...request, replicaId: 'b' }), {
      kind: 'lost',
      winner: 'a',
    });
    assert.deepEqual(await one.testAndSet(request), { kind: 'won' });
    assert.deepEqual(await two.testAndSet({ ...request, generation: 2n, replicaId: 'b' }), {
      kind: 'won',
    });
    assert.deepEqual(readdirSync(directory).sort(), ['m.1.taken', 'm.2.taken']);
  });

  it('knows its own flag although the answer of the attempt was never heard', async () => {
    await new FileArbiter(directory, 'first').testAndSet(request);
    const after = new FileArbiter(directory, 'second');
    assert.deepEqual(await after.testAndSet(request), { kind: 'won' });
  });

  it('has one winner among many at once, in this process and in others', async () => {
    const arbiters = [...Array(20).keys()].map((n) => new FileArbiter(directory, `t${n}`));
    const outcomes = await Promise.all(
      arbiters.map((arbiter, n) => arbiter.testAndSet({ ...request, replicaId: `r${n}` })),
    );
    assert.equal(outcomes.filter(({ kind }) => kind === 'won').length, 1);

    const script = fileURLToPath(new URL('./claimant-process.js', import.meta.url));
    const claimants = [...Array(6).keys()].map((n) =>
      spawn(process.execPath, [script, directory, '9', `p${n}`], {
        stdio: ['pipe', 'pipe', 'inherit'],
      }),
    );
    const texts = claimants.map(() => '');
    await Promise.all(
      claimants.map(
        (claimant, n) =>
          new Promise<void>((resolve) => {
            claimant.stdout.on('data', (bytes: Buffer) => {
              texts[n] += bytes.toString();
              if (texts[n] === 'ready\n') resolve();
            });
          }),
      ),
    );
    const exits = claimants.map(
      (claimant) => new Promise((resolve) => claimant.on('close', resolve)),
    );
    for (const claimant of claimants) claimant.stdin.end('go\n');
    await Promise.all(exits);
    assert.equal(texts.filter((text) => text.includes('won')).length, 1, texts.join());
    assert.equal(texts.filter((text) => text.includes('lost')).length, 5, texts.join());
  });

  it('shows the mark of a forming generation to whoever sees the same storage', async () => {
    const arbiter = new FileArbiter(directory, 'one');
    await arbiter.form(request);
    await arbiter.form(request);
    assert.equal(await new FileArbiter(directory, 'two').sees('m', 1n), true);
    assert.equal(await arbiter.sees('m', 2n), false);
    assert.equal(await rejection(arbiter.form({ ...request, replicaId: 'b' })), 'arbiter-unusable');
    await arbiter.testAndSet(request);
    const entries = await arbiter.read('m');
    assert.deepEqual(
      entries.map(({ kind, replicaId, generation }) => [kind, replicaId, generation]),
      [
        ['formed', 'a', 1n],
        ['taken', 'a', 1n],
      ],
    );
  });

  it('names what is wrong with the storage', async () => {
    writeFileSync(join(directory, 'm.1.taken'), 'not a flag');
    assert.equal(
      await rejection(new FileArbiter(directory, 'x').testAndSet(request)),
      'arbiter-unusable',
    );
    const gone = new FileArbiter(join(directory, 'gone'), 'x');
    assert.equal(await rejection(gone.testAndSet(request)), 'arbiter-unreachable');
    const random = { uniqueName: () => 'x', bytes: (count: number) => Buffer.alloc(count) };
    assert.equal(await rejection(openArbiter('file:relative', random)), 'usage');
    assert.equal(await rejection(openArbiter('etcd://x', random)), 'usage');
    assert.equal(await rejection(openArbiter(`file:${directory}/a/b`, random)), 'arbiter-unusable');
    const strange = { ...request, machineId: '../x' };
    assert.equal(
      await rejection(new FileArbiter(directory, 'x').testAndSet(strange)),
      'bad-argument',
    );
  });
});

describe('the patient arbiter', () => {
  it('calls a hung storage unreachable, starts nothing twice, and honours a late success', async () => {
    let answer: (outcome: FlagOutcome) => void = () => undefined;
    let attempts = 0;
    const hung: Arbiter = {
      url: 'test:',
      testAndSet: () => {
        attempts += 1;
        return new Promise((resolve) => {
          answer = resolve;
        });
      },
      form: () => Promise.resolve(),
      sees: () => Promise.resolve(true),
      read: () => Promise.resolve([]),
      close: () => undefined,
    };
    const patient = new PatientArbiter(hung, 'a', systemClock, 20);
    const attempt = (): Promise<ArbitrationResult> =>
      new Promise((resolve) => {
        patient.testAndSet('m', 1n, resolve);
      });
    assert.equal((await attempt()).kind, 'unreachable');
    assert.equal((await attempt()).kind, 'unreachable');
    const third = attempt();
    answer({ kind: 'won' });
    assert.deepEqual(await third, { kind: 'won' });
    assert.equal(attempts, 1);
  });
});
