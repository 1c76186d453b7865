/**
 * A snapshot file's parts (docs/repair.md):
 *
 *     magic, version │ header │ pages … │ state │ trailer
 *
 * Each part is a head of 13 bytes (kind u8, bytes u32, checksum u64, little-endian) and its body. The checksum is
 * the 64-bit digest over kind, bytes and body together, and the trailer has one over all parts' checksums: no
 * bit of a file can change, and no part be missing, doubled or moved, without notice.
 */
import { VmftError } from '../../base/errors.js';
import { limits } from '../../base/limits.js';
import { bigintOfLong, longOfBigint } from '../../base/uint64.js';
import { decodeGuestConfig, encodeGuestConfig, type GuestHashes } from '../log/guest-config.js';
import type { GuestConfig } from '../machine/machine.js';
import { vmft } from './generated/snapshot-messages.js';

/** The 64-bit digest of native/base/hash64.h: a mebibyte at a time is for native code. */
export type Digest64 = (bytes: Buffer) => bigint;

export interface SnapshotHeader {
  readonly accelerator: string;
  readonly build: string;
  readonly guest: GuestConfig;
  /** Of the guest's files, where they are known. */
  readonly hashes: GuestHashes;
  /** When the copy began, milliseconds since 1970. */
  readonly realtimeMs: number;
}

/** The machine as it is in the file. */
export interface SnapshotMachine {
  readonly ticks: bigint;
  readonly virtualNs: bigint;
  readonly stateDigest: bigint;
  /** 0: not taken. */
  readonly memoryDigest: bigint;
}

export interface SnapshotTrailer extends SnapshotMachine {
  readonly parts: bigint;
  readonly checksum: bigint;
}

export type PartKind = 'header' | 'pages' | 'state' | 'trailer';

export const snapshotVersion = 1;
export const snapshotMagic = Buffer.from('vmftsnp1', 'latin1');
export const beginningBytes = snapshotMagic.length + 4;
export const partHeadBytes = 13;

const kinds: readonly PartKind[] = ['header', 'pages', 'state', 'trailer'];
const bodyBytesMax: Readonly<Record<PartKind, number>> = {
  header: limits.logHeaderBytesMax,
  pages: limits.imagePagesBytesMax,
  state: limits.imageStateBytesMax,
  trailer: 1024,
};

export function encodeBeginning(): Buffer {
  const bytes = Buffer.alloc(beginningBytes);
  snapshotMagic.copy(bytes);
  bytes.writeUInt32LE(snapshotVersion, snapshotMagic.length);
  return bytes;
}

/** Throws `snapshot-unreadable`, `image-version`. */
export function decodeBeginning(bytes: Buffer, where: string): void {
  if (!bytes.subarray(0, snapshotMagic.length).equals(snapshotMagic)) throw notASnapshot(where);
  if (bytes.length < beginningBytes) throw cut(where);
  const version = bytes.readUInt32LE(snapshotMagic.length);
  if (version === snapshotVersion) return;
  throw new VmftError(
    'image-version',
    `${where} is a snapshot of version ${version}; this vmft reads version ${snapshotVersion}`,
    'use the vmft that wrote it',
  );
}

export interface EncodedPart {
  readonly head: Buffer;
  readonly body: Buffer;
  readonly checksum: bigint;
}

export function encodePart(kind: PartKind, body: Buffer, digest: Digest64): EncodedPart {
  const head = Buffer.alloc(partHeadBytes);
  head.writeUInt8(kinds.indexOf(kind) + 1, 0);
  head.writeUInt32LE(body.length, 1);
  const checksum = partChecksum(head, body, digest);
  head.writeBigUInt64LE(checksum, 5);
  return { head, body, checksum };
}

export interface PartHead {
  readonly kind: PartKind;
  readonly bytes: number;
  readonly checksum: bigint;
}

/** Throws `image-corrupt`. */
export function decodePartHead(head: Buffer, where: string): PartHead {
  const kind = kinds[head.readUInt8(0) - 1];
  const bytes = head.readUInt32LE(1);
  if (kind === undefined) throw damaged(where, 'a part of an unknown kind');
  if (bytes > bodyBytesMax[kind]) throw damaged(where, `a part of ${bytes} bytes`);
  return { kind, bytes, checksum: head.readBigUInt64LE(5) };
}

/** Throws `image-corrupt`. */
export function checkPart(head: Buffer, body: Buffer, digest: Digest64, where: string): void {
  if (partChecksum(head, body, digest) !== head.readBigUInt64LE(5)) {
    throw damaged(where, 'a part whose checksum is wrong');
  }
}

/** The body's digest, sealed with its kind and size. */
function partChecksum(head: Buffer, body: Buffer, digest: Digest64): bigint {
  const sealed = Buffer.alloc(partHeadBytes);
  head.copy(sealed, 0, 0, 5);
  sealed.writeBigUInt64LE(digest(body), 5);
  return digest(sealed);
}

export function encodeHeader(header: SnapshotHeader): Buffer {
  const { accelerator, build, guest, hashes, realtimeMs } = header;
  const fields = {
    accelerator,
    build,
    guest: encodeGuestConfig(guest, hashes),
    realtimeMs: longOfBigint(BigInt(Math.round(realtimeMs))),
  };
  return Buffer.from(vmft.snapshot.Header.encode(fields).finish());
}

/** Throws `image-corrupt`. */
export function decodeHeader(bytes: Buffer, where: string): SnapshotHeader {
  try {
    const { accelerator, build, guest, realtimeMs } = vmft.snapshot.Header.decode(bytes);
    const decoded = decodeGuestConfig(Buffer.from(guest));
    if (decoded !== null) {
      const { config, hashes } = decoded;
      const atMs = Number(bigintOfLong(realtimeMs));
      return { accelerator, build, guest: config, hashes, realtimeMs: atMs };
    }
  } catch {
    // As below.
  }
  throw damaged(where, 'a header that cannot be parsed');
}

export function encodeTrailer(trailer: SnapshotTrailer): Buffer {
  const fields = {
    parts: longOfBigint(trailer.parts),
    checksum: longOfBigint(trailer.checksum),
    ticks: longOfBigint(trailer.ticks),
    virtualNs: longOfBigint(trailer.virtualNs),
    stateDigest: longOfBigint(trailer.stateDigest),
    memoryDigest: longOfBigint(trailer.memoryDigest),
  };
  return Buffer.from(vmft.snapshot.Trailer.encode(fields).finish());
}

/** Throws `image-corrupt`. */
export function decodeTrailer(bytes: Buffer, where: string): SnapshotTrailer {
  try {
    const trailer = vmft.snapshot.Trailer.decode(bytes);
    return {
      parts: bigintOfLong(trailer.parts),
      checksum: bigintOfLong(trailer.checksum),
      ticks: bigintOfLong(trailer.ticks),
      virtualNs: bigintOfLong(trailer.virtualNs),
      stateDigest: bigintOfLong(trailer.stateDigest),
      memoryDigest: bigintOfLong(trailer.memoryDigest),
    };
  } catch {
    throw damaged(where, 'an end that cannot be parsed');
  }
}

/** What the trailer says of the parts before it: their checksums, one after the other. */
export class PartChain {
  parts = 0n;
  private chained = Buffer.alloc(8);

  constructor(private readonly digest: Digest64) {}

  add(checksum: bigint): void {
    const bytes = Buffer.alloc(16);
    this.chained.copy(bytes);
    bytes.writeBigUInt64LE(checksum, 8);
    this.chained.writeBigUInt64LE(this.digest(bytes));
    this.parts += 1n;
  }

  get checksum(): bigint {
    return this.chained.readBigUInt64LE();
  }
}

export function notASnapshot(where: string): VmftError {
  return new VmftError(
    'snapshot-unreadable',
    `${where} is not a snapshot`,
    'name a file written by "vmft snapshot"',
  );
}

export function cut(where: string): VmftError {
  return new VmftError(
    'image-corrupt',
    `${where} ends in the middle: the file was cut`,
    'restore the file from a good copy',
  );
}

export function damaged(where: string, what: string): VmftError {
  return new VmftError(
    'image-corrupt',
    `${where} is damaged: ${what}`,
    'restore the file from a good copy',
  );
}
