/**
 * The reservation: block 0 of a disk's reserved area (docs/disks.md) says which disk this is, and which
 * machine uses it. It is what keeps two machines that know nothing of each other off one disk; what keeps the two
 * replicas of one machine apart is arbitration and the back end's claim.
 *
 *   free      nobody uses it.                    ── a primary claims ──► in-use
 *                                                ── a backup begins a private copy ──► copying
 *   in-use    `machineId` does.                  ── its guest ended cleanly ──► free
 *                                                ── its replica makes a fresh copy of it ──► copying
 *   copying   a private copy that is not whole.  ── the pair is formed ──► in-use
 *                                                ── the copy begins anew ──► copying
 *   any       ── `vmft disk release` ──► free
 *
 * Each step is one compare-and-write, so of two machines that claim at once one is refused; a step
 * whose answer was never heard is found done when it is tried again. The uuid is made with the first claim and kept.
 */
import { hostname } from 'node:os';

import { z } from 'zod';

import { VmftError } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import type { Disk } from './disk.js';
import { decodeJsonBlock, encodeJsonBlock, hostNameLengths, isEmptyBlock } from './json-block.js';

/** `machineId`, `replicaId`, `host` and `at` name who changed it last; empty on a disk never used. */
export interface Reservation {
  readonly uuid: string;
  readonly state: 'free' | 'in-use' | 'copying';
  readonly machineId: string;
  readonly replicaId: string;
  readonly host: string;
  /** ISO 8601, by the writer's clock. */
  readonly at: string;
}

export interface DiskUser {
  readonly machineId: string;
  readonly replicaId: string;
}

const reservationBlock = 0;
/** Each lost race means that somebody else changed the block. */
const attemptsMax = 50;

const schema = z.strictObject({
  vmftDisk: z.literal(1),
  uuid: z.uuid(),
  state: z.enum(['free', 'in-use', 'copying']),
  machineId: z.string().max(128),
  replicaId: z.string().max(128),
  host: z.string().max(256),
  at: z.string().max(64),
});

/** One line of JSON, padded with zero bytes. A host name that has no room is cut. */
export function encodeReservation(reservation: Reservation, blockBytes: number): Buffer {
  for (const length of hostNameLengths) {
    const fields = { vmftDisk: 1, ...reservation, host: reservation.host.slice(0, length) };
    const block = encodeJsonBlock(fields, blockBytes);
    if (block !== null) return block;
  }
  throw new VmftError('bad-argument', `"${reservation.machineId}" is too long for a machine id`);
}

/** Total: 'empty' for all zero, null for anything else that is no reservation. */
export function decodeReservation(block: Buffer): Reservation | 'empty' | null {
  if (isEmptyBlock(block)) return 'empty';
  const parsed = schema.safeParse(decodeJsonBlock(block));
  if (!parsed.success) return null;
  const { uuid, state, machineId, replicaId, host, at } = parsed.data;
  return { uuid, state, machineId, replicaId, host, at };
}

/** null: never used by vmft. Rejects with `disk-unusable` when something else is there. */
export async function readReservation(disk: Disk): Promise<Reservation | null> {
  const found = decodeReservation(await disk.readReserved(reservationBlock));
  if (found === null) throw foreign(disk);
  return found === 'empty' ? null : found;
}

/**
 * A primary takes the disk before it starts. Also for a replica that has it already (another attempt, or a
 * backup that went live): then only `replicaId` changes hands. Rejects with `disk-in-use`.
 *
 * `holder`: the replica of this machine that may have it already, such as the dead primary; null: none.
 */
export function claimReservation(
  disk: Disk,
  user: DiskUser,
  random: Random,
  holder: string | null = null,
): Promise<Reservation> {
  return change(disk, random, (found) => {
    if (found === null || found.state === 'free') return { state: 'in-use', ...user };
    const { machineId, replicaId, state } = found;
    const ours = machineId === user.machineId && [user.replicaId, holder].includes(replicaId);
    if (!ours || state === 'copying') throw inUse(disk, found);
    return replicaId === user.replicaId ? 'as-it-is' : { state: 'in-use', ...user };
  });
}

/**
 * A backup begins to copy the primary's private disk here; what was on the disk is lost. Its own machine's older copy
 * may be copied over. Rejects with `disk-in-use`, or `disk-unusable` for the primary's own disk.
 */
export function markCopying(
  disk: Disk,
  user: DiskUser,
  primary: DiskUser,
  random: Random,
): Promise<Reservation> {
  return change(disk, random, (found) => {
    const primarys =
      found?.machineId === primary.machineId && found.replicaId === primary.replicaId;
    if (primarys && found.state !== 'free') {
      throw new VmftError(
        'disk-unusable',
        `${disk.url} is the primary’s own disk, not a place for a copy of it`,
        'name another disk, or hold it shared',
      );
    }
    if (found !== null && found.state !== 'free' && found.machineId !== user.machineId) {
      throw inUse(disk, found);
    }
    return { state: 'copying', ...user };
  });
}

/** The copy is whole: the pair is formed. Rejects with `disk-in-use` when the disk is not this replica's any more. */
export function markCopied(disk: Disk, user: DiskUser, random: Random): Promise<Reservation> {
  return change(disk, random, (found) => {
    if (found?.machineId !== user.machineId || found.replicaId !== user.replicaId) {
      throw inUse(disk, found);
    }
    return found.state === 'in-use' ? 'as-it-is' : { state: 'in-use', ...user };
  });
}

/** The guest ended cleanly. A disk that is not this machine's is left as it is. */
export async function freeReservation(disk: Disk, user: DiskUser, random: Random): Promise<void> {
  await change(disk, random, (found) =>
    found?.machineId === user.machineId && found.state !== 'free'
      ? { state: 'free', ...user }
      : 'as-it-is',
  );
}

/** Whatever it was, it is free now; what it was. For a person who knows that nobody uses the disk. */
export async function releaseReservation(disk: Disk, random: Random): Promise<Reservation | null> {
  let was: Reservation | null = null;
  await change(disk, random, (found) => {
    was = found;
    if (found === null || found.state === 'free') return 'as-it-is';
    return { state: 'free', machineId: found.machineId, replicaId: found.replicaId };
  });
  return was;
}

/** "in use by machine M on host H since T", for messages. */
export function reservationUse({ state, machineId, host, at }: Reservation): string {
  switch (state) {
    case 'free':
      return 'free';
    case 'in-use':
      return `in use by machine ${machineId} on ${host} since ${at}`;
    case 'copying':
      return `an unfinished copy of machine ${machineId}, begun on ${host} at ${at}`;
  }
}

type Next = Pick<Reservation, 'state' | 'machineId' | 'replicaId'> | 'as-it-is';

/** Rejects with `disk-unusable` when something else than a reservation is there. */
async function change(
  disk: Disk,
  random: Random,
  decide: (found: Reservation | null) => Next,
): Promise<Reservation> {
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    const block = await disk.readReserved(reservationBlock);
    const decoded = decodeReservation(block);
    if (decoded === null) throw foreign(disk);
    const found = decoded === 'empty' ? null : decoded;
    const next = decide(found);
    const reservation: Reservation = {
      ...(found ?? neverUsed),
      uuid: found?.uuid ?? newUuid(random),
      ...(next === 'as-it-is' ? {} : { ...next, host: hostname(), at: new Date().toISOString() }),
    };
    if (next === 'as-it-is') return reservation;
    const desired = encodeReservation(reservation, disk.blockBytes);
    if (await disk.compareAndWrite(reservationBlock, block, desired)) return reservation;
  }
  throw new VmftError('disk-in-use', `the reservation of ${disk.url} changes all the time`);
}

const neverUsed = { state: 'free', machineId: '', replicaId: '', host: '', at: '' } as const;

function inUse(disk: Disk, found: Reservation | null): VmftError {
  return new VmftError(
    'disk-in-use',
    `${disk.url} is ${found === null ? 'not reserved any more' : reservationUse(found)}`,
    `if nobody uses it any more: vmft disk release ${disk.url}`,
  );
}

function foreign(disk: Disk): VmftError {
  return new VmftError(
    'disk-unusable',
    `the last MiB of ${disk.url}, which vmft needs for itself, holds something else`,
    'grow the disk by 1 MiB (a file: truncate -s +1M FILE)',
  );
}

function newUuid(random: Random): string {
  const bytes = random.bytes(16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-');
}
