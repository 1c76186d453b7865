import { z } from 'zod';

import { bigintOfLong, longOfBigint } from '../../base/uint64.js';
import type { GuestConfig } from '../machine/machine.js';
import { vmft } from './generated/log-messages.js';

/** Hashes of the files a guest is made of (src/flow/world/file-hash.ts); 0 = not known. */
export interface GuestHashes {
  readonly kernel: bigint;
  readonly initramfs: bigint;
}

export const noHashes: GuestHashes = { kernel: 0n, initramfs: 0n };

type Fields = Parameters<typeof vmft.log.GuestConfig.encode>[0];

/** `GuestConfig` as the fields of proto/log.proto. */
export function guestConfigFields(config: GuestConfig, hashes: GuestHashes): Fields {
  return {
    memoryBytes: longOfBigint(BigInt(config.memoryBytes)),
    kernelPath: config.kernelPath,
    kernelHash: longOfBigint(hashes.kernel),
    initramfsPath: config.initramfsPath ?? '',
    initramfsHash: longOfBigint(hashes.initramfs),
    commandLine: config.commandLine,
    mac: config.mac ?? Buffer.alloc(0),
    randomSeed: config.randomSeed,
    realtimeNs: longOfBigint(config.realtimeNs),
  };
}

export function encodeGuestConfig(config: GuestConfig, hashes: GuestHashes = noHashes): Buffer {
  return Buffer.from(vmft.log.GuestConfig.encode(guestConfigFields(config, hashes)).finish());
}

const bounds = z.object({
  memoryBytes: z
    .bigint()
    .min(1n << 20n)
    .max(1n << 40n),
  kernelPath: z.string().max(4096),
  initramfsPath: z.string().max(4096),
  commandLine: z.string().max(4096),
  mac: z.instanceof(Uint8Array).refine((bytes) => bytes.length === 0 || bytes.length === 6),
  randomSeed: z.instanceof(Uint8Array).refine((bytes) => bytes.length === 32),
});

/** Total: null when the bytes are no configuration or a field is out of its range. */
export function decodeGuestConfig(
  bytes: Buffer,
): { config: GuestConfig; hashes: GuestHashes } | null {
  try {
    return guestConfigOf(vmft.log.GuestConfig.decode(bytes));
  } catch {
    return null;
  }
}

/** As {@link decodeGuestConfig}, for a message that is already parsed. */
export function guestConfigOf(fields: Fields): { config: GuestConfig; hashes: GuestHashes } | null {
  // Field by field: a decoded message keeps its defaults on the prototype.
  const parsed = bounds.safeParse({
    memoryBytes: big(fields.memoryBytes),
    kernelPath: fields.kernelPath ?? '',
    initramfsPath: fields.initramfsPath ?? '',
    commandLine: fields.commandLine ?? '',
    mac: fields.mac ?? empty,
    randomSeed: fields.randomSeed ?? empty,
  });
  if (!parsed.success) return null;
  const { memoryBytes, kernelPath, initramfsPath, commandLine, mac, randomSeed } = parsed.data;
  const config: GuestConfig = {
    memoryBytes: Number(memoryBytes),
    kernelPath,
    initramfsPath: initramfsPath === '' ? null : initramfsPath,
    commandLine,
    mac: mac.length === 0 ? null : Buffer.from(mac),
    randomSeed: Buffer.from(randomSeed),
    realtimeNs: big(fields.realtimeNs),
  };
  return {
    config,
    hashes: { kernel: big(fields.kernelHash), initramfs: big(fields.initramfsHash) },
  };
}

const empty = new Uint8Array();

type MaybeLong = Parameters<typeof bigintOfLong>[0] | number | null | undefined;

function big(value: MaybeLong): bigint {
  if (value === null || value === undefined) return 0n;
  return typeof value === 'number' ? BigInt(value) : bigintOfLong(value);
}
