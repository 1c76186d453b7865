import type { LogFrame } from './messages.js';

/**
 * The one message on the hot path, encoded by hand: the frame's bytes are copied once and nothing is
 * allocated but the result. The layout is FromPrimary { log_frame = 5: LogFrame { generation = 1, sequence = 2,
 * frame = 3 } } in protobuf wire format; a test compares it with the generated encoder's.
 */
export function encodeLogFrame(message: LogFrame): Buffer {
  const { generation, sequence, frame } = message;
  const generationBytes = varintBytes(generation);
  const sequenceBytes = varintBytes(sequence);
  const frameLengthBytes = varintBytes(BigInt(frame.length));
  const inner = 3 + generationBytes + sequenceBytes + frameLengthBytes + frame.length;
  const out = Buffer.allocUnsafe(1 + varintBytes(BigInt(inner)) + inner);
  let at = 0;
  out[at++] = (5 << 3) | 2;
  at = writeVarint(out, at, BigInt(inner));
  out[at++] = 1 << 3;
  at = writeVarint(out, at, generation);
  out[at++] = 2 << 3;
  at = writeVarint(out, at, sequence);
  out[at++] = (3 << 3) | 2;
  at = writeVarint(out, at, BigInt(frame.length));
  frame.copy(out, at);
  return out;
}

function varintBytes(value: bigint): number {
  let count = 1;
  for (let rest = value >> 7n; rest > 0n; rest >>= 7n) count += 1;
  return count;
}

function writeVarint(out: Buffer, start: number, value: bigint): number {
  let at = start;
  let rest = value;
  while (rest > 0x7fn) {
    out[at++] = Number(rest & 0x7fn) | 0x80;
    rest >>= 7n;
  }
  out[at++] = Number(rest);
  return at;
}
