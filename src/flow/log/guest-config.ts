import { z } from 'zod';

import { limits } from '../../base/limits.js';
import { bigintOfLong, longOfBigint } from '../../base/uint64.js';
import type { CpuidLeaf, GuestCpu } from '../machine/guest-cpu.js';
import type { GuestConfig } from '../machine/machine.js';
import { vmft } from './generated/log-messages.js';
import { guestDiskFields, guestDisksOf } from './guest-disks.js';

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
    cpu: config.cpu === null ? null : { ...config.cpu, leaves: [...config.cpu.leaves] },
    disks: config.disks.map(guestDiskFields),
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

const uint32 = z.number().int().min(0).max(0xffffffff);

const cpuBounds = z.object({
  vendor: z.string().length(12),
  signature: uint32,
  leaves: z
    .array(
      z.object({
        ...{ function: uint32, index: uint32, indexed: z.boolean() },
        ...{ eax: uint32, ebx: uint32, ecx: uint32, edx: uint32 },
      }),
    )
    .min(2)
    .max(limits.cpuidLeavesMax),
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
  const cpu = fields.cpu ? cpuOf(fields.cpu) : null;
  if (fields.cpu && cpu === null) return null;
  const disks = guestDisksOf(fields.disks ?? []);
  if (disks === null) return null;
  const { memoryBytes, kernelPath, initramfsPath, commandLine, mac, randomSeed } = parsed.data;
  const config: GuestConfig = {
    memoryBytes: Number(memoryBytes),
    kernelPath,
    initramfsPath: initramfsPath === '' ? null : initramfsPath,
    commandLine,
    mac: mac.length === 0 ? null : Buffer.from(mac),
    randomSeed: Buffer.from(randomSeed),
    realtimeNs: big(fields.realtimeNs),
    cpu,
    disks,
  };
  return {
    config,
    hashes: { kernel: big(fields.kernelHash), initramfs: big(fields.initramfsHash) },
  };
}

/** Null when it is none. */
function cpuOf(fields: NonNullable<Fields['cpu']>): GuestCpu | null {
  const parsed = cpuBounds.safeParse({
    vendor: fields.vendor ?? '',
    signature: fields.signature ?? 0,
    leaves: (fields.leaves ?? []).map((leaf): CpuidLeaf => ({
      ...{ function: leaf.function ?? 0, index: leaf.index ?? 0, indexed: leaf.indexed ?? false },
      ...{ eax: leaf.eax ?? 0, ebx: leaf.ebx ?? 0, ecx: leaf.ecx ?? 0, edx: leaf.edx ?? 0 },
    })),
  });
  return parsed.success ? parsed.data : null;
}

const empty = new Uint8Array();

type MaybeLong = Parameters<typeof bigintOfLong>[0] | number | null | undefined;

function big(value: MaybeLong): bigint {
  if (value === null || value === undefined) return 0n;
  return typeof value === 'number' ? BigInt(value) : bigintOfLong(value);
}
