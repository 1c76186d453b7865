import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { VmftError } from '../../src/base/errors.js';
import { readGuestFiles, type GuestFiles } from '../../src/cli/guest-files.js';
import { replayLog } from '../../src/cli/replay-log.js';
import { softAccelerator } from '../../src/flow/machine/accelerator.js';
import { nextDelimited } from '../../src/flow/log/log-format.js';
import { LogFileReader } from '../../src/flow/world/log-file-reader.js';
import { LogFileWriter } from '../../src/flow/world/log-file-writer.js';
import { SeededRandom } from '../sim/seeded-random.js';
import { recordGuest, testGuestConfig } from './native-guest.js';

const flips = 2_400;
const cuts = 200;
const seed = 2010;
/** What a damaged file may be called. `log-guest-mismatch` is not among them: the header has a checksum. */
const names = new Set(['log-corrupt', 'log-truncated', 'log-not-a-log', 'log-version']);

/** A frame of the good file: where it ends, and how far it lets the machine run. */
interface Bound {
  readonly end: number;
  readonly runUntilTicks: bigint;
}

const config = testGuestConfig('echo');
let folder = '';
let path = '';
let whole: Buffer = Buffer.alloc(0);
let files: GuestFiles;
let bounds: Bound[] = [];

/** The ends of all delimited messages, from the second on those of frames. */
function messageEnds(bytes: Buffer): number[] {
  const ends: number[] = [];
  let at = 0;
  while (at < bytes.length) {
    const found = nextDelimited(bytes.subarray(at), bytes.length, 'log');
    assert.ok(found);
    at += found.end;
    ends.push(at);
  }
  return ends;
}

/** Replays the file as `vmft replay` does; the code of the error, or null, and how far it was executed. */
async function replay(bytes: Buffer): Promise<{ code: string | null; ticks: bigint }> {
  writeFileSync(path, bytes);
  let ticks = 0n;
  let reader: LogFileReader | null = null;
  try {
    const opened = await LogFileReader.open(path);
    reader = opened.reader;
    const result = await replayLog({
      reader,
      guest: { ...config, ...opened.header.guest, kernelPath: config.kernelPath },
      files,
      accelerator: softAccelerator,
      untilTicks: null,
      onProgress: (position) => {
        ticks = position.ticks;
      },
    });
    return { code: null, ticks: result.ticks };
  } catch (error) {
    assert.ok(error instanceof VmftError, String(error));
    return { code: error.code, ticks };
  } finally {
    await reader?.close();
  }
}

/** How far a machine may have got when the byte at `at` is the first that is wrong. */
function ticksBefore(at: number): bigint {
  return bounds.filter(({ end }) => end <= at).at(-1)?.runUntilTicks ?? 0n;
}

void describe('a damaged log file', () => {
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vmft-damaged-'));
    path = join(folder, 'log');
    files = await readGuestFiles(config.kernelPath, null);
    const lines = [...Array(12).keys()].map((at) => `line ${at}`);
    const run = await recordGuest(config, ['echo: ready'], [...lines, 'quit']);
    assert.equal(run.stopped.reason, 'power-off');
    const header = { accelerator: 'soft', build: 'test', guest: config, hashes: files.hashes };
    const writer = await LogFileWriter.create(path, header, () => undefined, assert.ifError);
    for (const { sequence, frame } of run.segments) writer.append(sequence, frame);
    await writer.close('power-off');
    whole = readFileSync(path);
    const ends = messageEnds(whole);
    bounds = run.segments.map(({ runUntilTicks }, at) => ({
      end: ends[at + 1] ?? whole.length,
      runUntilTicks,
    }));
    assert.ok(bounds.length > 12, `${bounds.length} frames`);
    assert.equal((await replay(whole)).code, null);
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  void test(`is known by any of ${flips} flipped bits, and not executed past it`, async () => {
    const random = new SeededRandom(seed);
    for (let count = 0; count < flips; count += 1) {
      const at = random.whole(0, whole.length - 1);
      const bit = random.whole(0, 7);
      const damaged = Buffer.from(whole);
      damaged.writeUInt8(damaged.readUInt8(at) ^ (1 << bit), at);
      const { code, ticks } = await replay(damaged);
      assert.ok(code !== null && names.has(code), `bit ${bit} of byte ${at}: ${code}`);
      assert.ok(ticks <= ticksBefore(at), `bit ${bit} of byte ${at}: executed to ${ticks}`);
    }
  });

  void test(`is known wherever it is cut`, async () => {
    const random = new SeededRandom(seed);
    for (let count = 0; count < cuts; count += 1) {
      const length = random.whole(0, whole.length - 1);
      const { code, ticks } = await replay(whole.subarray(0, length));
      assert.ok(
        code === 'log-truncated' || (length < 32 && code === 'log-not-a-log'),
        `${length} bytes: ${code}`,
      );
      assert.ok(ticks <= ticksBefore(length), `${length} bytes: executed to ${ticks}`);
    }
  });

  void test('is known when frames are missing, repeated or exchanged', async () => {
    const ends = messageEnds(whole);
    const message = (at: number): Buffer => whole.subarray(at === 0 ? 0 : ends[at - 1], ends[at]);
    const all = ends.map((_, at) => message(at));
    const order = (...indexes: number[]): Buffer =>
      Buffer.concat(indexes.map((at) => all[at] ?? Buffer.alloc(0)));
    const last = all.length - 1;
    const indexes = [...all.keys()];
    for (let at = 1; at < last; at += 1) {
      const missing = order(...indexes.filter((other) => other !== at));
      const repeated = order(...indexes.slice(0, at + 1), ...indexes.slice(at));
      assert.equal((await replay(missing)).code, 'log-corrupt', `without ${at}`);
      assert.equal((await replay(repeated)).code, 'log-corrupt', `${at} twice`);
      if (at + 1 === last) continue;
      const exchanged = [...indexes];
      exchanged.splice(at, 2, at + 1, at);
      assert.equal((await replay(order(...exchanged))).code, 'log-corrupt', `${at} exchanged`);
    }
  });
});
