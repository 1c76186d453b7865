import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { VmftError } from '../../../src/base/errors.js';
import { limits } from '../../../src/base/limits.js';
import { longOfBigint } from '../../../src/base/uint64.js';
import { vmft } from '../../../src/pair/channel/generated/channel-messages.js';
import { decodeHeartbeat, encodeHeartbeat } from '../../../src/pair/channel/heartbeat-datagram.js';
import type { FromBackup, FromPrimary } from '../../../src/pair/channel/messages.js';
import {
  decodeFromBackup,
  decodeFromPrimary,
  encodeFromBackup,
  encodeFromPrimary,
} from '../../../src/pair/channel/wire.js';
import { SeededRandom } from '../../sim/seeded-random.js';

const big = 2n ** 64n - 1n;

const fromBackup: FromBackup[] = [
  {
    kind: 'hello',
    protocolVersion: 3,
    build: 'b',
    accelerator: 'soft',
    replicaId: 'abc',
    memoryBytesMax: big,
    replays: true,
    liveAfterMs: 110,
  },
  { kind: 'state-ready', generation: 1n },
  { kind: 'ack', generation: 2n, sequence: 0n },
  { kind: 'ack', generation: big, sequence: big },
  {
    kind: 'progress',
    generation: 1n,
    executedTicks: 2n ** 53n + 1n,
    executedVirtualNs: 0n,
    digestsChecked: 9n,
    diskReadsDone: big,
  },
  { kind: 'divergence', generation: 1n, ticks: 5n, what: 'digest' },
  { kind: 'declined', reason: 'another CPU' },
  { kind: 'prepared', generation: big },
  { kind: 'taken-over', generation: 4n },
  { kind: 'copy-progress', generation: 1n, chunks: 0n },
];

const fromPrimary: FromPrimary[] = [
  {
    kind: 'welcome',
    generation: 7n,
    machineId: 'm-1',
    replicaId: 'r-1',
    machineConfig: Buffer.from('c'),
    heartbeatPort: 65535,
    arbiterUrl: 'file:/x',
    replication: 'checkpoint',
  },
  { kind: 'refused', reason: 'no' },
  {
    kind: 'disk-chunk',
    disk: 4,
    offset: 2n ** 60n,
    data: Buffer.alloc(limits.diskChunkBytesMax, 7),
    zeroBytes: 0,
  },
  {
    kind: 'disk-chunk',
    disk: 0,
    offset: 0n,
    data: Buffer.alloc(0),
    zeroBytes: limits.diskZeroRunBytesMax,
  },
  { kind: 'memory-chunk', pages: Buffer.alloc(limits.memoryChunkBytesMax, 3) },
  { kind: 'flush-disks' },
  { kind: 'state', generation: big, memoryChunks: big, state: Buffer.from('s'), more: true },
  {
    kind: 'state',
    generation: 1n,
    memoryChunks: 0n,
    state: Buffer.alloc(limits.machineStatePieceBytesMax, 9),
    more: false,
  },
  { kind: 'hand-over', generation: 3n },
  { kind: 'log-frame', generation: 3n, sequence: 0n, frame: Buffer.alloc(70_000, 5) },
  { kind: 'log-frame', generation: big, sequence: big, frame: Buffer.from([1]) },
];

function codeOf(run: () => unknown): string {
  try {
    run();
    return 'none';
  } catch (error) {
    assert.ok(error instanceof VmftError, String(error));
    return error.code;
  }
}

describe('messages on the wire', () => {
  it('come back as they went', () => {
    for (const message of fromBackup) {
      assert.deepEqual(decodeFromBackup(encodeFromBackup(message)), message);
    }
    for (const message of fromPrimary) {
      assert.deepEqual(decodeFromPrimary(encodeFromPrimary(message)), message);
    }
  });

  it('the hand-made log frame has the generated encoder’s meaning', () => {
    for (const message of fromPrimary) {
      if (message.kind !== 'log-frame') continue;
      const { frame } = message;
      const generation = longOfBigint(message.generation);
      const sequence = longOfBigint(message.sequence);
      const generated = vmft.channel.FromPrimary.encode({
        logFrame: { generation, sequence, frame },
      }).finish();
      assert.deepEqual(decodeFromPrimary(Buffer.from(generated)), message);
      if (message.sequence !== 0n) {
        assert.deepEqual(encodeFromPrimary(message), Buffer.from(generated));
      }
    }
  });

  it('are refused by name when they are too large or empty', () => {
    const frame = Buffer.alloc(limits.logFrameBytesMax + 1);
    const large: FromPrimary = { kind: 'log-frame', generation: 1n, sequence: 1n, frame };
    assert.equal(
      codeOf(() => decodeFromPrimary(encodeFromPrimary(large))),
      'message-too-large',
    );
    const whole = { generation: 1n, memoryChunks: 0n, more: false };
    const wrong: readonly (readonly [FromPrimary, string])[] = [
      [
        { kind: 'memory-chunk', pages: Buffer.alloc(limits.memoryChunkBytesMax + 1) },
        'message-too-large',
      ],
      [{ kind: 'memory-chunk', pages: Buffer.alloc(0) }, 'message-malformed'],
      [
        { kind: 'state', ...whole, state: Buffer.alloc(limits.machineStatePieceBytesMax + 1) },
        'message-too-large',
      ],
      [{ kind: 'state', ...whole, state: Buffer.alloc(0) }, 'message-malformed'],
    ];
    for (const [message, code] of wrong) {
      assert.equal(
        codeOf(() => decodeFromPrimary(encodeFromPrimary(message))),
        code,
      );
    }
    const unknown = vmft.channel.FromPrimary.encode({
      welcome: {
        machineId: 'm',
        replicaId: 'r',
        heartbeatPort: 1,
        machineConfig: Buffer.from('c'),
        replication: 2 as number as 0,
      },
    }).finish();
    assert.equal(
      codeOf(() => decodeFromPrimary(Buffer.from(unknown))),
      'message-malformed',
    );
    assert.equal(
      codeOf(() => decodeFromPrimary(Buffer.alloc(0))),
      'message-malformed',
    );
    assert.equal(
      codeOf(() => decodeFromBackup(Buffer.alloc(0))),
      'message-malformed',
    );
  });

  it('of a disk are data or zeroes, not both and not neither', () => {
    const code = (data: Buffer, zeroBytes: number): string => {
      const chunk: FromPrimary = { kind: 'disk-chunk', disk: 0, offset: 0n, data, zeroBytes };
      return codeOf(() => decodeFromPrimary(encodeFromPrimary(chunk)));
    };
    const none = Buffer.alloc(0);
    assert.equal(code(none, 0), 'message-malformed');
    assert.equal(code(Buffer.alloc(512), 512), 'message-malformed');
    assert.equal(code(none, limits.diskZeroRunBytesMax + 1), 'message-too-large');
    assert.equal(code(Buffer.alloc(limits.diskChunkBytesMax + 1), 0), 'message-too-large');
  });

  it('are parsed totally: rubbish and damage give a message or a named error', () => {
    const random = new SeededRandom(1);
    const originals = [...fromBackup.map(encodeFromBackup), ...fromPrimary.map(encodeFromPrimary)];
    for (let round = 0; round < 20_000; round += 1) {
      const bytes = Buffer.from(random.pick(originals).subarray(0, random.whole(0, 200)));
      for (let flips = random.whole(0, 3); flips > 0 && bytes.length > 0; flips -= 1) {
        bytes[random.whole(0, bytes.length - 1)] = random.word() & 0xff;
      }
      for (const decode of [decodeFromBackup, decodeFromPrimary]) {
        const code = codeOf(() => decode(bytes));
        assert.ok(['none', 'message-malformed', 'message-too-large'].includes(code), code);
      }
    }
  });

  it('heartbeats come back, and anything else is none', () => {
    const heartbeat = { machineId: 'a'.repeat(32), generation: big, counter: 1n, echo: big };
    const bytes = encodeHeartbeat(heartbeat);
    assert.deepEqual(decodeHeartbeat(bytes), heartbeat);
    for (let length = 0; length < bytes.length; length += 1) {
      assert.equal(decodeHeartbeat(bytes.subarray(0, length)), null);
    }
    assert.equal(decodeHeartbeat(Buffer.concat([bytes, Buffer.from('x')])), null);
    bytes[0] = 0;
    assert.equal(decodeHeartbeat(bytes), null);
  });
});
