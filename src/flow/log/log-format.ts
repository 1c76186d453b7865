/**
 * The log file: varint length-delimited messages, Header, Frame…, Trailer (proto/log.proto).
 *
 * A stream cannot be written under another name and renamed when whole: it is of most use when its writer
 * died. So what is whole is shown by the end: the Trailer counts the segments, and a file without one is
 * torn. A frame's bytes are opaque here; the machine checks their checksum when it is fed. Header and Trailer
 * end in a checksum of their own, so that no bit of a file can change unnoticed.
 *
 * Frame and Trailer have no common tag, so they are told apart by their first field: a Frame begins with
 * fixed64 `checksum` (tag 0x09), a Trailer with varint `segments` (0x08) or string `end_reason` (0x12).
 */
import { VmftError } from '../../base/errors.js';
import { hash64 } from '../../base/hash64.js';
import { limits } from '../../base/limits.js';
import { bigintOfLong, longOfBigint } from '../../base/uint64.js';
import type { GuestConfig } from '../machine/machine.js';
import { vmft } from './generated/log-messages.js';
import { guestConfigFields, guestConfigOf, type GuestHashes } from './guest-config.js';

export const logVersion = 3;
/** Version 1 is the same without disks, version 2 without Control.value. */
const readableLogVersions: readonly number[] = [1, 2, logVersion];
/** "vmftlog1" as little-endian bytes. */
export const logMagic = Buffer.from('vmftlog1', 'ascii').readBigUInt64LE(0);

export interface LogHeader {
  readonly version: number;
  readonly accelerator: string;
  readonly build: string;
  readonly guest: GuestConfig;
  readonly hashes: GuestHashes;
}

export interface LogTrailer {
  readonly segments: bigint;
  readonly endReason: string;
}

export type LogItem =
  | { readonly kind: 'frame'; readonly frame: Buffer }
  | { readonly kind: 'trailer'; readonly trailer: LogTrailer };

/** The message with its length before it. */
export function delimited(message: Buffer): Buffer {
  const head: number[] = [];
  let rest = message.length;
  while (rest > 0x7f) {
    head.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  head.push(rest);
  return Buffer.concat([Buffer.from(head), message]);
}

/**
 * The next whole message in `bytes`: its bounds, or null when more bytes are needed. Throws `log-corrupt`
 * when the length is none or above `bytesMax`.
 */
export function nextDelimited(
  bytes: Buffer,
  bytesMax: number,
  where: string,
): { readonly start: number; readonly end: number } | null {
  let length = 0;
  for (let at = 0; at < lengthBytesMax; at += 1) {
    const byte = bytes[at];
    if (byte === undefined) return null;
    length += (byte & 0x7f) * 2 ** (7 * at);
    if (byte > 0x7f) continue;
    if (length === 0 || length > bytesMax) {
      throw corrupt(where, `a message of ${length} bytes; at most ${bytesMax} are possible`);
    }
    const start = at + 1;
    return bytes.length < start + length ? null : { start, end: start + length };
  }
  throw corrupt(where, 'a length that does not end');
}

export function encodeHeader(header: Omit<LogHeader, 'version'>): Buffer {
  const { accelerator, build, guest, hashes } = header;
  const fields = {
    magic: longOfBigint(logMagic),
    version: logVersion,
    accelerator,
    build,
    guest: guestConfigFields(guest, hashes),
  };
  return checksummed(vmft.log.Header.encode(fields).finish(), headerChecksumTag);
}

/** Throws `log-not-a-log`, `log-version` or `log-corrupt`. */
export function decodeHeader(bytes: Buffer, where: string): LogHeader {
  if (bytes.length < 9 || bytes[0] !== 0x09 || bytes.readBigUInt64LE(1) !== logMagic)
    throw notALog(where);
  let header: ReturnType<typeof vmft.log.Header.decode>;
  try {
    header = vmft.log.Header.decode(bytes);
  } catch {
    throw corrupt(where, 'a header that cannot be parsed');
  }
  const version = header.version ?? 0;
  if (!readableLogVersions.includes(version)) {
    throw new VmftError(
      'log-version',
      `${where} is a log of version ${version}; this vmft reads versions ${readableLogVersions.slice(0, -1).join(', ')} and ${logVersion}`,
      `use the vmft that wrote it (${header.build ?? 'unknown'})`,
    );
  }
  if (!isChecksummed(bytes, headerChecksumTag))
    throw corrupt(where, 'a header whose checksum is wrong');
  const guest = header.guest ? guestConfigOf(header.guest) : null;
  if (guest === null) throw corrupt(where, 'a header without a valid guest');
  return {
    version,
    accelerator: header.accelerator ?? '',
    build: header.build ?? '',
    guest: guest.config,
    hashes: guest.hashes,
  };
}

export function encodeTrailer(trailer: LogTrailer): Buffer {
  // `segments` 0 is written too: a Trailer must not be empty.
  const fields = {
    segments: longOfBigint(trailer.segments),
    endReason: trailer.endReason || 'unknown',
  };
  return checksummed(vmft.log.Trailer.encode(fields).finish(), trailerChecksumTag);
}

/** Throws `log-corrupt`. */
export function decodeItem(bytes: Buffer, where: string): LogItem {
  if (bytes[0] === 0x09) return { kind: 'frame', frame: bytes };
  if (bytes[0] !== 0x08 && bytes[0] !== 0x12) throw corrupt(where, 'a message that is no frame');
  if (!isChecksummed(bytes, trailerChecksumTag))
    throw corrupt(where, 'a trailer whose checksum is wrong');
  try {
    const { segments, endReason } = vmft.log.Trailer.decode(bytes);
    const count = typeof segments === 'number' ? BigInt(segments) : bigintOfLong(segments);
    return { kind: 'trailer', trailer: { segments: count, endReason } };
  } catch {
    throw corrupt(where, 'a trailer that cannot be parsed');
  }
}

/** Tags of the `checksum` fields, fixed64 and the last of their messages. */
const headerChecksumTag = (6 << 3) | 1;
const trailerChecksumTag = (3 << 3) | 1;
const checksumFieldBytes = 9;

function checksummed(message: Uint8Array, tag: number): Buffer {
  const field = Buffer.alloc(checksumFieldBytes);
  field[0] = tag;
  field.writeBigUInt64LE(hash64(message), 1);
  return Buffer.concat([message, field]);
}

function isChecksummed(bytes: Buffer, tag: number): boolean {
  const at = bytes.length - checksumFieldBytes;
  if (at < 0 || bytes[at] !== tag) return false;
  return bytes.readBigUInt64LE(at + 1) === hash64(bytes.subarray(0, at));
}

export function notALog(where: string): VmftError {
  return new VmftError(
    'log-not-a-log',
    `${where} is not a vmft log`,
    'name a file written by "vmft run --record"',
  );
}

export function corrupt(where: string, what: string): VmftError {
  return new VmftError(
    'log-corrupt',
    `${where} is damaged: ${what}`,
    'restore the file from a good copy',
  );
}

export function truncated(where: string): VmftError {
  return new VmftError(
    'log-truncated',
    `${where} ends in the middle: its writer was stopped, or the file was cut`,
    'what it holds can be replayed up to there with --until',
  );
}

const lengthBytesMax = 5;
/** Where a header's length must lie: a file that is no log is told by this before its magic is looked at. */
export const headerBytesMax = limits.logHeaderBytesMax;
