import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { asVmftError, type ErrorCode } from '../../../src/base/errors.js';
import { hash64 } from '../../../src/flow/machine/native-machine.js';
import { InsertedPause } from '../../../src/flow/snapshot/inserted-pause.js';
import { restoreSnapshot } from '../../../src/flow/snapshot/restore-snapshot.js';
import {
  beginningBytes,
  encodePart,
  encodeTrailer,
  PartChain,
  partHeadBytes,
  type PartKind,
  type SnapshotHeader,
} from '../../../src/flow/snapshot/snapshot-format.js';
import { takeSnapshot, type SnapshotTaken } from '../../../src/flow/snapshot/take-snapshot.js';
import {
  inspectSnapshot,
  SnapshotFileReader,
} from '../../../src/flow/world/snapshot-file-reader.js';
import { SnapshotFileWriter } from '../../../src/flow/world/snapshot-file-writer.js';
import { systemRandom } from '../../../src/flow/world/system-random.js';
import {
  guestImage,
  ObservedMachine,
  recordingOptions,
  testConfig,
} from '../../border/native-guest.js';
import { SeededRandom } from '../../sim/seeded-random.js';

const config = { ...testConfig, memoryBytes: 32 << 20, mac: null };
const header: SnapshotHeader = {
  accelerator: 'soft',
  build: 'test',
  guest: config,
  hashes: { kernel: 1n, initramfs: 0n },
  realtimeMs: 1_700_000_000_000,
};
/** So small that there are several, most of them read while the guest runs. */
const inPieces = {
  nowMs: () => performance.now(),
  progress: () => undefined,
  given: () => false,
  pieceBytes: 8 << 10,
  pauseBytes: 0,
};
const alone = { ...recordingOptions, recording: false };
const random = new SeededRandom(20_261_123);

let folder = '';
let good: Buffer;
let taken: SnapshotTaken;
const file = (name: string): string => join(folder, name);

const machines: ObservedMachine[] = [];

/** Closed at the end, whatever becomes of its test. */
function observed(kernel: Buffer | null): ObservedMachine {
  const machine = new ObservedMachine(kernel, config);
  machines.push(machine);
  return machine;
}

/** A guest that echoes lines and has seen one, written to a file while it runs. */
async function write(path: string): Promise<{ taken: SnapshotTaken; guest: ObservedMachine }> {
  const guest = observed(guestImage('echo'));
  const pause = new InsertedPause(guest.machine);
  pause.machine.startLive(alone);
  await guest.shows('ready');
  guest.machine.consoleInput(Buffer.from('before\n'));
  await guest.shows('6 bytes');
  const writer = await SnapshotFileWriter.create(path, header, systemRandom);
  const snapshot = await takeSnapshot(pause, writer, inPieces);
  await writer.finish(snapshot.machine);
  return { taken: snapshot, guest };
}

async function restore(path: string): Promise<ObservedMachine> {
  const { reader } = await SnapshotFileReader.open(path);
  const copy = observed(null);
  try {
    await restoreSnapshot(copy.machine, reader);
    return copy;
  } catch (error) {
    copy.machine.close();
    throw error;
  } finally {
    await reader.close();
  }
}

/** What a file with these bytes is refused with; null: it is not. */
async function refusal(
  bytes: Buffer,
  attempt: (path: string) => Promise<unknown>,
): Promise<string | null> {
  const path = file('bad.snapshot');
  writeFileSync(path, bytes);
  try {
    await attempt(path);
    return null;
  } catch (thrown) {
    const { code, message } = asVmftError(thrown);
    assert.equal(message.includes('\n'), false, 'one line');
    return code;
  }
}

const refusals: readonly (ErrorCode | null)[] = [
  'image-corrupt',
  'image-version',
  'snapshot-unreadable',
];

interface Part {
  readonly kind: PartKind;
  readonly body: Buffer;
}

function partsOf(bytes: Buffer): Part[] {
  const kinds: readonly PartKind[] = ['header', 'pages', 'state', 'trailer'];
  const parts: Part[] = [];
  for (let at = beginningBytes; at < bytes.length;) {
    const size = bytes.readUInt32LE(at + 1);
    const kind = kinds[bytes.readUInt8(at) - 1];
    assert.ok(kind !== undefined);
    parts.push({ kind, body: bytes.subarray(at + partHeadBytes, at + partHeadBytes + size) });
    at += partHeadBytes + size;
  }
  return parts;
}

/** A file of these parts, each sealed anew, with an end that speaks of them. */
function fileOf(parts: readonly Part[]): Buffer {
  const chain = new PartChain(hash64);
  const pieces = [good.subarray(0, beginningBytes)];
  for (const { kind, body } of parts) {
    const part = encodePart(kind, body, hash64);
    chain.add(part.checksum);
    pieces.push(part.head, part.body);
  }
  const { parts: count, checksum } = chain;
  const end = encodeTrailer({ ...taken.machine, parts: count, checksum });
  const trailer = encodePart('trailer', end, hash64);
  return Buffer.concat([...pieces, trailer.head, trailer.body]);
}

void describe('a snapshot file', () => {
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vmft-snapshot-'));
    const path = file('good.snapshot');
    const written = await write(path);
    taken = written.taken;
    good = readFileSync(path);
    // The guest went on.
    written.guest.machine.consoleInput(Buffer.from('afterwards\n'));
    await written.guest.shows('10 bytes');
    written.guest.machine.close();
  });
  after(() => {
    for (const { machine } of machines) machine.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('is its owner’s alone, and nothing is left beside it', () => {
    assert.equal(statSync(file('good.snapshot')).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(folder), ['good.snapshot']);
  });

  test('brings the guest back, with the same digests, and it goes on', async () => {
    const { header: found, trailer } = await inspectSnapshot(file('good.snapshot'));
    assert.deepEqual(found, header);
    assert.notEqual(trailer.memoryDigest, 0n);
    const copy = await restore(file('good.snapshot'));
    const { state, memory, position } = copy.machine.digest();
    assert.deepEqual(
      { state, memory, ticks: position.ticks },
      { state: trailer.stateDigest, memory: trailer.memoryDigest, ticks: trailer.ticks },
    );
    copy.machine.startLive(alone);
    copy.machine.consoleInput(Buffer.from('restored\n'));
    await copy.shows('8 bytes');
    assert.equal(copy.text.includes('ready'), false);
    copy.machine.close();
  });

  test('cut short at any of 150 places is refused', async () => {
    const lengths = [0, 1, 7, 8, 11, 12, 13, good.length - 1];
    while (lengths.length < 150) lengths.push(random.whole(0, good.length - 1));
    for (const length of lengths) {
      const code = await refusal(good.subarray(0, length), inspectSnapshot);
      assert.equal(refusals.includes(code as ErrorCode), true, `cut at ${length}: ${code}`);
    }
  });

  test('with any of 700 bits flipped is refused', async () => {
    const bits: number[] = [];
    for (let bit = 0; bit < 100; bit += 1) bits.push(bit);
    for (let bit = 1; bit <= 100; bit += 1) bits.push(good.length * 8 - bit);
    while (bits.length < 700) bits.push(random.whole(0, good.length * 8 - 1));
    for (const bit of bits) {
      const bad = Buffer.from(good);
      bad.writeUInt8(bad.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      const code = await refusal(bad, inspectSnapshot);
      assert.equal(refusals.includes(code as ErrorCode), true, `bit ${bit}: ${code}`);
    }
  });

  test('whose parts are missing, doubled, moved or followed by more is refused', async () => {
    const parts = partsOf(good);
    const image = parts.slice(0, -1);
    assert.equal(await refusal(fileOf(image), restore), null, 'the test makes files as they are');
    const [, pages] = parts;
    const state = image.at(-1);
    assert.ok(pages?.kind === 'pages' && state?.kind === 'state' && image.length > 3);
    const whole = (pieces: readonly Part[]): Buffer => {
      // With the end that the good file has.
      const bytes = fileOf(pieces);
      const end = good.length - parts.at(-1)!.body.length - partHeadBytes;
      return Buffer.concat([
        bytes.subarray(0, bytes.length - (good.length - end)),
        good.subarray(end),
      ]);
    };
    const bad = {
      'a piece is missing': whole([image[0]!, ...image.slice(2)]),
      'a piece is there twice': whole([image[0]!, pages, ...image.slice(1)]),
      'two pieces changed places': whole([image[0]!, image[2]!, image[1]!, ...image.slice(3)]),
      'the state is missing': fileOf(image.slice(0, -1)),
      'the state is there twice': fileOf([...image, state]),
      'pages come after the state': fileOf([...image, pages]),
      'there are two headers': fileOf([image[0]!, ...image]),
      'something follows': Buffer.concat([good, Buffer.from([0])]),
    };
    for (const [what, bytes] of Object.entries(bad)) {
      assert.equal(await refusal(bytes, inspectSnapshot), 'image-corrupt', what);
    }
  });

  test('whose image is not one, though its parts are whole, is refused by the machine', async () => {
    const parts = partsOf(good).slice(0, -1);
    for (let round = 0; round < 60; round += 1) {
      const at = random.whole(1, parts.length - 1);
      const part = parts[at];
      assert.ok(part !== undefined);
      const body = Buffer.from(part.body);
      const bit = random.whole(0, body.length * 8 - 1);
      body.writeUInt8(body.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      const bytes = fileOf(parts.map((each, index) => (index === at ? { ...each, body } : each)));
      await inspectSnapshot((writeFileSync(file('bad.snapshot'), bytes), file('bad.snapshot')));
      const code = await refusal(bytes, restore);
      assert.equal(refusals.includes(code as ErrorCode), true, `part ${at}, bit ${bit}: ${code}`);
    }
    // A piece that is left out makes another machine: its digest is another.
    const without = parts.filter((_, index) => index !== 1);
    assert.equal(await refusal(fileOf(without), restore), 'image-corrupt');
  });

  test('that is none, or of another version, is refused by name', async () => {
    assert.equal(
      await refusal(Buffer.from('vmftlog1 and more'), inspectSnapshot),
      'snapshot-unreadable',
    );
    const newer = Buffer.from(good);
    newer.writeUInt32LE(2, 8);
    assert.equal(await refusal(newer, inspectSnapshot), 'image-version');
    await assert.rejects(inspectSnapshot(folder), /is not a snapshot/);
    await assert.rejects(inspectSnapshot(file('nowhere')), /no such file/);
  });

  test('that cannot be written leaves nothing behind, and the guest goes on', async () => {
    const guest = observed(guestImage('echo'));
    const pause = new InsertedPause(guest.machine);
    pause.machine.startLive(alone);
    await guest.shows('ready');
    await assert.rejects(
      SnapshotFileWriter.create(join(folder, 'nowhere', 'file'), header, systemRandom),
      /no such directory/,
    );
    for (const after of [0, 1, 2]) {
      let count = 0;
      const full = async (): Promise<void> => {
        count += 1;
        if (count > after) throw new Error('the disk is full');
      };
      const sink = { writtenBytes: 0, pages: full, state: full };
      await assert.rejects(takeSnapshot(pause, sink, inPieces), /the disk is full/);
    }
    await assert.rejects(
      takeSnapshot(
        pause,
        { writtenBytes: 0, pages: async () => undefined, state: async () => undefined },
        {
          ...inPieces,
          given: () => true,
        },
      ),
      /was given up/,
    );
    const writer = await SnapshotFileWriter.create(file('given-up'), header, systemRandom);
    await writer.pages(Buffer.alloc(10));
    await writer.abandon();
    assert.equal(
      readdirSync(folder).some((name) => name.includes('given-up')),
      false,
    );
    guest.machine.consoleInput(Buffer.from('unharmed\n'));
    await guest.shows('8 bytes');
    guest.machine.close();
  });
});
