import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { VmftError } from '../../../src/base/errors.js';
import type { BenchGuest } from '../../../src/bench/guest/bench-guest.js';
import { scalePlan } from '../../../src/bench/scale/scale-plan.js';
import type { Subject } from '../../../src/bench/scale/scene.js';
import { measureSubjects } from '../../../src/bench/scale/section.js';
import type { ScaleRow } from '../../../src/bench/suite/result.js';
import { softAccelerator } from '../../../src/flow/machine/accelerator.js';

const plan = {
  ...scalePlan(true),
  at: { connections: [1, 16], guests: [1, 2], memory: [] },
  joinsMax: 3,
  turnsOfJoin: 2,
  measureMs: 0,
  settleMs: 0,
};

/** Of a guest: what a join and a status line need. */
function guestWithLog(log: { bytes: number; atMs: number; phase: string }): BenchGuest {
  const events: object[] = [];
  const nextStatus = (): Promise<unknown> => {
    log.bytes += 125_000;
    log.atMs += 500;
    const { bytes, atMs, phase } = log;
    const event = { type: 'status', phase, realtimeMs: atMs, recordedBytes: String(bytes) };
    events.push(event);
    return Promise.resolve(event);
  };
  const guest = {
    primary: { events },
    nextStatus,
    protect: () => Promise.resolve({ joinMs: 1500, pauseMs: 7.25, replication: 'replay' }),
    unprotect: () => Promise.resolve(),
    overheadBytes: () => ({ primary: 100 * 2 ** 20, backup: 90 * 2 ** 20 }),
  };
  return guest as unknown as BenchGuest;
}

interface Trial {
  readonly rows: ScaleRow[];
  readonly skipped: string[];
  readonly done: string[];
  readonly said: string[];
}

/** @param joinMs that a measured second takes off the time that is left */
async function trial(
  subjects: readonly Subject[],
  budgetMs: number,
  clock: { ms: number },
): Promise<Trial> {
  const result: Trial = { rows: [], skipped: [], done: [], said: [] };
  await measureSubjects(
    {
      options: { quick: true, accelerator: softAccelerator, replication: 'auto', seed: 1 },
      progress: {
        line: (text) => result.said.push(text),
        doing: (text, done, total) => result.done.push(`${done}/${total} ${text}`),
      },
      rows: {
        add: (row) => result.rows.push(row),
        skip: (row, why) => result.skipped.push(`${row}: ${why}`),
      },
      joined: () => undefined,
      leftMs: () => budgetMs - clock.ms,
    },
    plan,
    subjects,
  );
  return result;
}

interface SubjectOptions {
  readonly clock: { ms: number };
  readonly measureMs: number;
  readonly guests?: (at: number) => readonly BenchGuest[];
  readonly failAt?: number;
}

function subjectOf(
  name: 'connections' | 'guests',
  { clock, measureMs, guests = () => [], failAt = Infinity }: SubjectOptions,
): Subject & { readonly told: string[] } {
  const told: string[] = [];
  let asked = 0;
  return {
    name,
    unit: 'exchanges/s',
    timeGrowth: name === 'guests' ? 0.5 : 0,
    told,
    rowName: (at) => `${at} of ${name}`,
    open: (at) => {
      told.push(`open ${at}`);
      return Promise.resolve({
        guests: guests(at),
        perSecond: () => {
          asked += 1;
          clock.ms += measureMs;
          if (asked === failAt) return Promise.reject(new VmftError('internal', 'it stood still'));
          return Promise.resolve(1000 * at + asked);
        },
        end: () => told.push(`end ${at}`),
      });
    },
    reset: () => told.push('reset'),
    close: () => told.push('close'),
  };
}

void describe('what a scale section does with its time', () => {
  void test('all joins of all rows when there is time, and each turn’s own two rates', async () => {
    const clock = { ms: 0 };
    const subject = subjectOf('connections', { clock, measureMs: 1 });
    const { rows, skipped, done } = await trial([subject], 1e6, clock);
    assert.deepEqual(skipped, []);
    assert.deepEqual(
      rows.map(({ at, turns }) => [at, turns.length]),
      [
        [1, 6],
        [16, 6],
      ],
    );
    // A join is: two rates unprotected, then two protected, in the order in which they were taken.
    assert.deepEqual(
      rows[0]?.turns.slice(0, 3).map(({ alone, pair }) => [alone, pair]),
      [
        [1001, 1003],
        [1002, 1004],
        [1005, 1007],
      ],
    );
    assert.deepEqual(subject.told, ['open 1', 'end 1', 'open 16', 'end 16', 'close']);
    assert.equal(done.at(-1), '5/6 16 of connections: join 3 of 3');
  });

  void test('a row takes no more than its share, but for its first join; what is left over, the next has', async () => {
    const clock = { ms: 0 };
    // A join takes 400 ms; two rows have 1000 ms: the first 500, the second what is then left, 600.
    const subject = subjectOf('connections', { clock, measureMs: 100 });
    const { rows } = await trial([subject], 1_000, clock);
    assert.deepEqual(
      rows.map(({ turns }) => turns.length),
      [2, 2],
    );
    const roomier = { ms: 0 };
    const { rows: more } = await trial(
      [subjectOf('connections', { clock: roomier, measureMs: 100 })],
      1_300,
      roomier,
    );
    assert.deepEqual(
      more.map(({ turns }) => turns.length),
      [2, 4],
    );
  });

  void test('a row for which less time is left than the smaller one took is skipped, and says so', async () => {
    const clock = { ms: 0 };
    // Of 700 ms the first row takes 400; the next subject's first is not known to take so long.
    const subjects = (['connections', 'guests'] as const).map((name) =>
      subjectOf(name, { clock, measureMs: 100 }),
    );
    const { rows, skipped } = await trial(subjects, 700, clock);
    assert.deepEqual(
      rows.map(({ subject, at }) => `${subject} ${at}`),
      ['connections 1', 'guests 1'],
    );
    assert.deepEqual(skipped, [
      '16 of connections: too little time was left',
      '2 of guests: too little time was left',
    ]);
  });

  void test('a row that is known to take longer than the one before is not begun for less', async () => {
    // The first takes 400 ms, the second of two guests √2 times as long: 566 ms.
    for (const [budgetMs, measured] of [
      [960, 1],
      [970, 2],
    ] as const) {
      const clock = { ms: 0 };
      const subject = subjectOf('guests', { clock, measureMs: 100 });
      const { rows, skipped } = await trial([subject], budgetMs, clock);
      assert.deepEqual([rows.length, skipped.length], [measured, 2 - measured]);
    }
  });
});

void describe('what is left of a scale section that fails', () => {
  void test('the joins before a failure stay, the guests go, and the next row is measured', async () => {
    const clock = { ms: 0 };
    // The seventh rate is the first protected one of the second join.
    const subject = subjectOf('connections', { clock, measureMs: 1, failAt: 7 });
    const { rows, skipped } = await trial([subject], 1e6, clock);
    assert.deepEqual(
      rows.map(({ at, turns }) => [at, turns.length]),
      [
        [1, 2],
        [16, 6],
      ],
    );
    assert.deepEqual(skipped, ['1 of connections, further joins: it stood still']);
    assert.deepEqual(subject.told.slice(0, 4), ['open 1', 'end 1', 'reset', 'open 16']);
  });

  void test('a row without any turn is skipped with the reason', async () => {
    const clock = { ms: 0 };
    const subject = subjectOf('guests', { clock, measureMs: 1, failAt: 1 });
    const { rows, skipped } = await trial([subject], 1e6, clock);
    assert.deepEqual(
      rows.map(({ at }) => at),
      [2],
    );
    assert.deepEqual(skipped, ['1 of guests: it stood still']);
  });

  void test('a guest that was not protected all the while gives no turn', async () => {
    const clock = { ms: 0 };
    const log = { bytes: 0, atMs: 0, phase: 'alone' };
    const guests = (): readonly BenchGuest[] => [guestWithLog(log)];
    const { rows, skipped } = await trial(
      [subjectOf('guests', { clock, measureMs: 1, guests })],
      1e6,
      clock,
    );
    assert.deepEqual(rows, []);
    assert.match(skipped[0] ?? '', /not protected while it was measured \(alone\)/);
  });
});

void describe('a row of several guests', () => {
  void test('logs and memory are summed, joins are each guest’s', async () => {
    const clock = { ms: 0 };
    const logs = [1, 2].map(() => ({ bytes: 0, atMs: 0, phase: 'protected' }));
    const guests = (at: number): readonly BenchGuest[] => logs.slice(0, at).map(guestWithLog);
    const { rows, said } = await trial(
      [subjectOf('guests', { clock, measureMs: 1, guests })],
      1e6,
      clock,
    );
    const [one, two] = rows;
    // 125000 bytes in half a second: 2 Mbit/s.
    assert.deepEqual(
      one?.turns.map(({ logMbitPerS }) => logMbitPerS),
      [2, 2, 2, 2, 2, 2],
    );
    assert.deepEqual(
      two?.turns.map(({ logMbitPerS }) => logMbitPerS),
      [4, 4, 4, 4, 4, 4],
    );
    assert.deepEqual([one?.joinMs.length, two?.joinMs.length], [3, 6]);
    assert.deepEqual(two?.pauseMs[0], 7.3);
    assert.deepEqual(
      [one?.overheadMiB[0], two?.overheadMiB[0]],
      [
        { primary: 100, backup: 90 },
        { primary: 200, backup: 180 },
      ],
    );
    assert.match(
      said[1] ?? '',
      /^2 of guests: 20\d\d exchanges\/s unprotected, ratio 1\.00, log 4\.00 Mbit\/s, join 1500 ms, pause 7 ms$/,
    );
  });
});
