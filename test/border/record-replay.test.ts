import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CopiedPages, Stopped } from '../../src/flow/machine/machine.js';
import { systemClock } from '../../src/flow/world/system-clock.js';
import {
  guestImage,
  imageOf,
  ObservedMachine,
  recordingOptions,
  testConfig,
} from './native-guest.js';

/** Each of these ends by itself. */
const endingGuests = [
  'hello',
  'paging',
  'self-modifying',
  'strings',
  'timer',
  'user-mode',
  'virtio-rubbish',
  'triple-fault',
];

async function record(name: string): Promise<{ observed: ObservedMachine; stopped: Stopped }> {
  const observed = new ObservedMachine(guestImage(name));
  observed.machine.startLive(recordingOptions);
  return { observed, stopped: await observed.ended };
}

async function replay(
  name: string,
  frames: readonly Buffer[],
  untilTicks?: bigint,
): Promise<{ observed: ObservedMachine; stopped: Stopped }> {
  const observed = new ObservedMachine(guestImage(name));
  observed.machine.startReplica({ generation: 1n, untilTicks });
  for (const frame of frames) {
    // With `untilTicks` the machine may be there already.
    if (observed.machine.status().mode === 'stopped') break;
    try {
      observed.machine.feed(frame);
    } catch (error) {
      if (untilTicks === undefined) throw error;
      break;
    }
  }
  return { observed, stopped: await observed.ended };
}

void describe('record and replay over the border', () => {
  for (const name of endingGuests) {
    void test(name, async () => {
      const recorded = await record(name);
      const frames = recorded.observed.segments.map(({ frame }) => frame);
      const replayed = await replay(name, frames);
      assert.equal(replayed.stopped.reason, recorded.stopped.reason, replayed.stopped.message);
      assert.deepEqual(replayed.observed.machine.digest(), recorded.observed.machine.digest());
      assert.equal(replayed.observed.text, '', 'a replica shows nothing');
      assert.ok((replayed.observed.progress?.digestsChecked ?? 0n) >= BigInt(frames.length));
    });
  }

  void test('a flipped bit anywhere in the log is reported, never executed past', async () => {
    const { observed } = await record('timer');
    const frames = observed.segments.map(({ frame }) => frame);
    const replica = new ObservedMachine(guestImage('timer'));
    replica.machine.startReplica({ generation: 1n });
    for (const frame of frames.slice(0, 6)) {
      for (let bit = 0; bit < frame.length * 8; bit++) {
        const bad = Buffer.from(frame);
        bad.writeUInt8(bad.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        assert.throws(() => replica.machine.feed(bad), { code: 'frame-corrupt' });
      }
      replica.machine.feed(frame);
    }
    replica.machine.stop();
    await replica.ended;
  });

  void test('two replays to one position hold the same bytes', async () => {
    const { observed, stopped } = await record('strings');
    const frames = observed.segments.map(({ frame }) => frame);
    for (const share of [3n, 2n]) {
      const until = stopped.position.ticks / share;
      const [first, second] = [
        await replay('strings', frames, until),
        await replay('strings', frames, until),
      ];
      assert.equal(first.stopped.reason, 'log-end');
      assert.equal(first.stopped.position.ticks, until);
      assert.deepEqual(first.observed.machine.digest(), second.observed.machine.digest());
    }
  });

  void test('a backup made from a copy of the running machine follows, goes live, and answers', async () => {
    const primary = new ObservedMachine(guestImage('echo'));
    primary.machine.startLive({ ...recordingOptions, recording: false });
    await primary.shows('ready');
    const { pages, state } = await imageOf(primary.machine, 2);

    const backup = new ObservedMachine(null);
    for (const { data } of pages) backup.machine.restorePages(data);
    assert.throws(() => {
      backup.machine.startReplica({ generation: 1n });
    });
    backup.machine.restoreState(state);
    assert.deepEqual(backup.machine.digest(), primary.machine.digest());
    primary.machine.copyEnd();
    backup.machine.startReplica({ generation: 1n });
    primary.onSegment = ({ frame, sequence, outputsProduced }) => {
      backup.machine.feed(frame);
      primary.machine.acknowledge(sequence);
      // What the permission's end is compared with is the clock that JavaScript has.
      const released = (): bigint => primary.machine.status().outputsReleased;
      const before = released();
      primary.machine.releaseOutputs(outputsProduced, systemClock.nowMs() - 1);
      assert.equal(released(), before);
      primary.machine.releaseOutputs(outputsProduced, systemClock.nowMs() + 60_000);
      assert.equal(released(), outputsProduced);
    };
    primary.machine.resume({ ...recordingOptions, gated: true });
    primary.machine.consoleInput(Buffer.from('one\n'));
    await primary.shows('bytes');

    primary.machine.stop();
    await primary.ended;
    backup.machine.goLive({ ...recordingOptions, generation: 2n, recording: false });
    backup.machine.consoleInput(Buffer.from('quit\n'));
    await backup.shows('quit');
    assert.equal((await backup.ended).reason, 'power-off');
    assert.ok(backup.livePosition);
  });

  void test('a torn or altered image is refused and the process goes on', async () => {
    const primary = new ObservedMachine(guestImage('echo'));
    primary.machine.startLive({ ...recordingOptions, recording: false });
    await primary.shows('ready');
    const { pages, state } = await imageOf(primary.machine, 0);
    const { machine } = new ObservedMachine(null);
    const refused = (restore: () => void): void => {
      assert.throws(restore, { code: 'image-corrupt' });
    };
    for (const { data } of [pages[0], pages.at(-1)] as CopiedPages[]) {
      const bad = Buffer.from(data);
      bad.writeUInt8(bad.readUInt8(data.length >> 1) ^ 16, data.length >> 1);
      refused(() => {
        machine.restorePages(bad);
      });
      refused(() => {
        machine.restorePages(data.subarray(0, -1));
      });
      machine.restorePages(data);
    }
    const bad = Buffer.from(state);
    bad.writeUInt8(bad.readUInt8(state.length >> 1) ^ 1, state.length >> 1);
    for (const wrong of [Buffer.alloc(0), state.subarray(0, -1), pages[0]?.data ?? state, bad]) {
      refused(() => {
        machine.restoreState(wrong);
      });
    }
    const other = new ObservedMachine(null, { ...testConfig, mac: null }).machine;
    assert.throws(
      () => {
        other.restoreState(state);
      },
      { code: 'image-version' },
    );
    for (const { data } of pages) machine.restorePages(data);
    machine.restoreState(state);
    assert.deepEqual(machine.digest(), primary.machine.digest());
    primary.machine.stop();
    await primary.ended;
  });

  void test('a copy ends with the machine, and reads that wait are told so', async () => {
    const primary = new ObservedMachine(guestImage('echo'));
    const { machine } = primary;
    assert.throws(() => {
      machine.copyBegin();
    });
    await assert.rejects(machine.copyRead(4096), { code: 'wrong-mode' });
    machine.startLive({ ...recordingOptions, recording: false });
    await primary.shows('ready');
    machine.copyBegin();
    assert.ok((await machine.copyRead(4096))?.memoryBytes === 4096);
    const left = await machine.copyChanges();
    assert.ok(left > 0 && left % 4096 === 0);
    // Asked for at once, and answered in order: no page is in two of them, since nobody looks at the changes.
    const reads = await Promise.all(Array.from({ length: 200 }, () => machine.copyRead(1 << 20)));
    const read = reads.reduce((sum, piece) => sum + (piece?.memoryBytes ?? 0), 0);
    assert.equal(read, left);
    assert.equal(reads.at(-1), null);
    const changes = machine.copyChanges();
    const late = machine.copyRead(1 << 20);
    machine.stop();
    machine.copyEnd();
    await Promise.allSettled([changes, late]);
    await assert.rejects(machine.copyRead(4096), { code: 'wrong-mode' });
    await primary.ended;
    machine.close();
  });
});
