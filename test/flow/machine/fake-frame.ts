import { MachineError } from '../../../src/base/errors.js';
import type { GuestInput } from './fake-guest.js';
import type { FakeState } from './fake-image.js';

/** The fake machine's log frames: a checksum and JSON. A part of a checkpoint looks the same. */
export interface FakeSegment {
  readonly generation: number;
  readonly sequence: number;
  readonly inputs: readonly GuestInput[];
  readonly runUntil: number;
  readonly digest: number;
  readonly produced: number;
  readonly released: number;
  /** Of a part of a checkpoint: null before the last. `inputs` are what the epoch added to memory. */
  readonly checkpoint?: FakeState | null;
}

export function checksumOf(bytes: Buffer, start: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < bytes.length; at += 1) {
    hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  }
  return hash >>> 0;
}

export function encodeFakeFrame(segment: FakeSegment): Buffer {
  const frame = Buffer.from(`    ${JSON.stringify(segment)}`, 'latin1');
  frame.writeUInt32LE(checksumOf(frame, 4), 0);
  return frame;
}

/** Throws `frame-corrupt`. */
export function decodeFakeFrame(frame: Buffer, checked: boolean): FakeSegment {
  if (frame.length < 5 || (checked && frame.readUInt32LE(0) !== checksumOf(frame, 4))) {
    throw new MachineError('frame-corrupt', 'a log frame does not have its checksum');
  }
  try {
    return JSON.parse(frame.toString('latin1', 4)) as FakeSegment;
  } catch {
    throw new MachineError('frame-corrupt', 'a log frame cannot be parsed');
  }
}
