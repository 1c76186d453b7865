import assert from 'node:assert/strict';

import { VmftError, type ErrorCode } from '../../../src/base/errors.js';
import type { Disk, OpenDiskOptions } from '../../../src/flow/world/disk.js';
import { openDisk } from '../../../src/flow/world/open-disk.js';

export const mib = 1 << 20;

export const diskOptions: OpenDiskOptions = {
  readOnly: false,
  claim: true,
  holding: 'shared',
  holder: 'test',
  timeoutMs: 3_000,
};

export async function open(url: string, changed: Partial<OpenDiskOptions> = {}): Promise<Disk> {
  return openDisk(url, { ...diskOptions, ...changed });
}

export async function withDisk(
  url: string,
  changed: Partial<OpenDiskOptions>,
  body: (disk: Disk) => Promise<void>,
): Promise<void> {
  const disk = await open(url, changed);
  try {
    await body(disk);
  } finally {
    disk.close();
  }
}

/** It is refused by one line with that code; the advice that comes with it. */
export async function refused(
  url: string,
  code: ErrorCode,
  message: RegExp,
  changed: Partial<OpenDiskOptions> = {},
): Promise<string> {
  let whatToDo = '';
  await assert.rejects(open(url, changed), (error: unknown) => {
    assert.ok(error instanceof VmftError);
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    assert.ok(!error.message.includes('\n'));
    whatToDo = error.whatToDo;
    return true;
  });
  return whatToDo;
}

/** A block of the disk's size that begins with the text. */
export function block(disk: Disk, text: string): Buffer {
  const bytes = Buffer.alloc(disk.blockBytes);
  bytes.write(text);
  return bytes;
}
