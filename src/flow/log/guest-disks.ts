import { z } from 'zod';

import { limits } from '../../base/limits.js';
import { bigintOfLong, longOfBigint } from '../../base/uint64.js';
import type { GuestDisk } from '../machine/machine.js';
import type { vmft } from './generated/log-messages.js';

type Fields = Parameters<typeof vmft.log.GuestDisk.encode>[0];

/** A disk as the fields of proto/log.proto. */
export function guestDiskFields(disk: GuestDisk): Fields {
  const { capacityBytes, holding, ...same } = disk;
  return { ...same, capacityBytes: longOfBigint(capacityBytes), private: holding === 'private' };
}

const bounds = z
  .object({
    capacityBytes: z.bigint().min(1n),
    blockBytes: z.union([z.literal(512), z.literal(4096)]),
    readOnly: z.boolean(),
    readsOnBackup: z.boolean(),
    serial: z.string().regex(/^[ -~]{0,20}$/),
    url: z.string().max(limits.diskUrlLengthMax),
    uuid: z.string().max(64),
  })
  .refine((disk) => disk.capacityBytes % BigInt(disk.blockBytes) === 0n);

/** Null when one is no disk, or there are more than a guest can have. */
export function guestDisksOf(list: readonly Fields[]): GuestDisk[] | null {
  if (list.length > limits.disksMax) return null;
  const disks: GuestDisk[] = [];
  for (const fields of list) {
    const { capacityBytes } = fields;
    const parsed = bounds.safeParse({
      capacityBytes: capacityBytes ? bigintOfLong(capacityBytes) : 0n,
      blockBytes: fields.blockBytes ?? 0,
      readOnly: fields.readOnly ?? false,
      readsOnBackup: fields.readsOnBackup ?? false,
      serial: fields.serial ?? '',
      url: fields.url ?? '',
      uuid: fields.uuid ?? '',
    });
    if (!parsed.success) return null;
    disks.push({ ...parsed.data, holding: (fields.private ?? false) ? 'private' : 'shared' });
  }
  return disks;
}
