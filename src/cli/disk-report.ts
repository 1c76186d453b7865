import type { Disk } from '../flow/world/disk.js';
import {
  readReservation,
  reservationUse,
  type Reservation,
} from '../flow/world/disk-reservation.js';
import type { FlagEntry } from '../pair/arbiter/arbiter.js';
import { readDiskFlag } from '../pair/arbiter/disk-flag.js';
import { entriesOfFlag } from '../pair/arbiter/flag-block.js';
import { printable } from '../base/printable.js';

/** What a disk is, and what vmft keeps in its reserved area. */
export interface DiskReport {
  readonly url: string;
  readonly kind: Disk['kind'];
  readonly capacityBytes: number;
  readonly blockBytes: number;
  readonly compareAndWrite: boolean;
  /** null: never used by vmft. */
  readonly reservation: Reservation | null;
  readonly flags: readonly FlagEntry[];
}

/** Rejects with `disk-unusable` when something foreign is in the reserved area. */
export async function reportOnDisk(disk: Disk): Promise<DiskReport> {
  const { url, kind, blockBytes, supportsCompareAndWrite } = disk;
  const flag = await readDiskFlag(disk);
  return {
    ...{ url, kind, capacityBytes: Number(disk.capacityBytes), blockBytes },
    compareAndWrite: supportsCompareAndWrite,
    reservation: await readReservation(disk),
    flags: flag === null ? [] : entriesOfFlag(flag),
  };
}

const kinds = { file: 'a file', block: 'a block device', iscsi: 'an iSCSI LUN' } as const;

export function diskReportLines(report: DiskReport): string[] {
  const { url, kind, capacityBytes, blockBytes, reservation, flags } = report;
  const size = `${capacityBytes.toLocaleString('en')} bytes for the guest`;
  return [
    `${printable(url)}: ${kinds[kind]}, ${size}, blocks of ${blockBytes}`,
    ...(kind === 'iscsi'
      ? [`  compare and write  ${report.compareAndWrite ? 'yes' : 'no: it cannot arbitrate'}`]
      : []),
    ...(reservation === null
      ? ['  reservation        none: never used by vmft']
      : [
          `  reservation        ${printable(reservationUse(reservation))}`,
          `  uuid               ${reservation.uuid}`,
        ]),
    ...(flags.length === 0 ? ['  arbiter’s flag     none'] : flags.map(flagLine)),
  ];
}

function flagLine({ kind, machineId, generation, replicaId, host, at }: FlagEntry): string {
  const what = `generation ${generation} of machine ${machineId} ${kind === 'formed' ? 'formed' : 'won'}`;
  return `  arbiter’s flag     ${printable(`${what} by replica ${replicaId} on ${host}, ${at}`)}`;
}
