import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Stopped } from '../../src/flow/machine/machine.js';
import { systemClock } from '../../src/flow/world/system-clock.js';
import { guestImage, ObservedMachine, recordingOptions } from './native-guest.js';

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

  void test('a backup restored from a snapshot follows, goes live, and answers', async () => {
    const primary = new ObservedMachine(guestImage('echo'));
    primary.machine.startLive({ ...recordingOptions, recording: false });
    await primary.shows('ready');
    await primary.machine.pause();

    const backup = new ObservedMachine(null);
    const { bytes, checksum } = primary.machine.snapshotBegin();
    for (let offset = 0; offset < bytes;) {
      const chunk = primary.machine.snapshotRead(offset, 100_000);
      backup.machine.restoreChunk(offset, chunk);
      offset += chunk.length;
    }
    primary.machine.snapshotEnd();
    assert.throws(() => {
      backup.machine.startReplica({ generation: 1n });
    });
    backup.machine.restoreEnd(bytes, checksum);
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

  void test('a torn or altered snapshot is refused and the process goes on', async () => {
    const primary = new ObservedMachine(guestImage('echo'));
    primary.machine.startLive({ ...recordingOptions, recording: false });
    await primary.shows('ready');
    await primary.machine.pause();
    const { bytes, checksum } = primary.machine.snapshotBegin();
    const state = Buffer.concat([primary.machine.snapshotRead(0, bytes)]);
    assert.equal(state.length, bytes);
    const restore = (chunk: Buffer, length: number, sum: bigint): void => {
      const { machine } = new ObservedMachine(null);
      machine.restoreChunk(0, chunk);
      machine.restoreEnd(length, sum);
    };
    restore(state, bytes, checksum);
    for (const [chunk, sum] of [
      [state.subarray(0, bytes - 1), checksum],
      [state.subarray(0, 30), checksum],
      [state, checksum ^ 1n],
    ] as const) {
      assert.throws(
        () => {
          restore(chunk, bytes, sum);
        },
        { code: 'snapshot-corrupt' },
      );
    }
    const other = Buffer.from(state);
    other.writeUInt8(other.readUInt8(8) ^ 1, 8);
    assert.throws(
      () => {
        restore(other, bytes, checksum);
      },
      { code: 'snapshot-version' },
    );
    primary.machine.stop();
    await primary.ended;
  });
});
