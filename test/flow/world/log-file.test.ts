import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { VmftError } from '../../../src/base/errors.js';
import { logVersion } from '../../../src/flow/log/log-format.js';
import { LogFileReader } from '../../../src/flow/world/log-file-reader.js';
import { LogFileWriter } from '../../../src/flow/world/log-file-writer.js';
import { encodeFakeFrame } from '../machine/fake-frame.js';
import { exampleGuest } from '../log/example-guest.js';

const header = {
  accelerator: 'fake',
  build: 'test',
  guest: exampleGuest,
  hashes: { kernel: 1n, initramfs: 2n },
};

let directory = '';
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'vmft-log-'));
});
after(() => {
  rmSync(directory, { recursive: true });
});

/** Frames as the machine makes them begin with tag 0x09 (Frame.checksum). */
function frame(sequence: number): Buffer {
  const body = { generation: 0, sequence, inputs: [], runUntil: sequence, digest: 1 };
  return Buffer.concat([
    Buffer.from([0x09]),
    encodeFakeFrame({ ...body, produced: 0, released: 0 }),
  ]);
}

async function write(path: string, count: number): Promise<bigint[]> {
  const written: bigint[] = [];
  const writer = await LogFileWriter.create(
    path,
    header,
    (sequence) => written.push(sequence),
    assert.ifError,
  );
  for (let at = 0; at < count; at += 1) writer.append(BigInt(at), frame(at));
  await writer.close('power-off');
  return written;
}

async function read(path: string): Promise<{ frames: number; code: string | null }> {
  let frames = 0;
  try {
    const { reader } = await LogFileReader.open(path);
    try {
      for await (const bytes of reader.frames()) frames += bytes.length > 0 ? 1 : 0;
    } finally {
      await reader.close();
    }
    return { frames, code: null };
  } catch (error) {
    assert.ok(error instanceof VmftError, String(error));
    return { frames, code: error.code };
  }
}

describe('log files', () => {
  it('give back what was written', async () => {
    const path = join(directory, 'good');
    const written = await write(path, 50);
    assert.equal(written[written.length - 1], 49n);
    const { reader, header: got } = await LogFileReader.open(path);
    assert.deepEqual(got, { version: logVersion, ...header });
    const frames: Buffer[] = [];
    for await (const bytes of reader.frames()) frames.push(Buffer.from(bytes));
    assert.deepEqual(frames, [...Array(50).keys()].map(frame));
    assert.deepEqual(reader.trailer, { segments: 50n, endReason: 'power-off' });
    assert.equal(reader.position, reader.bytes);
    await reader.close();
  });

  it('are known to be cut wherever they are cut', async () => {
    const path = join(directory, 'cut');
    await write(path, 3);
    const whole = readFileSync(path);
    for (let length = 0; length < whole.length; length += 1) {
      writeFileSync(path, whole.subarray(0, length));
      const { code } = await read(path);
      const expected = length < 11 ? ['log-not-a-log', 'log-truncated'] : ['log-truncated'];
      assert.ok(expected.includes(code ?? 'none'), `${length} bytes: ${code}`);
    }
    writeFileSync(path, Buffer.concat([whole, Buffer.from([1])]));
    assert.equal((await read(path)).code, 'log-corrupt');
  });

  it('never crash on a flipped bit, and name what their own layer can see', async () => {
    const path = join(directory, 'flipped');
    await write(path, 2);
    const whole = readFileSync(path);
    for (let bit = 0; bit < whole.length * 8; bit += 3) {
      const damaged = Buffer.from(whole);
      const at = bit >> 3;
      damaged.writeUInt8(damaged.readUInt8(at) ^ (1 << (bit & 7)), at);
      writeFileSync(path, damaged);
      const { code } = await read(path);
      assert.ok(code === null || code.startsWith('log-'), `${code}`);
    }
  });

  it('are told from other files', async () => {
    const path = join(directory, 'other');
    for (const content of ['', 'hello', '\x7fELF and so on', 'x'.repeat(100_000)]) {
      writeFileSync(path, content);
      assert.equal((await read(path)).code, 'log-not-a-log');
    }
    assert.equal((await read(directory)).code, 'log-not-a-log');
    assert.equal((await read(join(directory, 'none'))).code, 'log-unreadable');
  });

  it('report a full disk once, and stop', { skip: !existsSync('/dev/full') }, async () => {
    await assert.rejects(
      LogFileWriter.create('/dev/full', header, () => undefined, assert.ifError),
      (error: unknown) => error instanceof VmftError && /disk is full/.test(error.message),
    );
  });
});
