import { closeSync, ftruncateSync, openSync, unlinkSync } from 'node:fs';

import { Command, InvalidArgumentError } from 'commander';

import { asVmftError, VmftError } from '../base/errors.js';
import { limits } from '../base/limits.js';
import type { Disk } from '../flow/world/disk.js';
import { releaseReservation } from '../flow/world/disk-reservation.js';
import { nativeDiskOf, openDisk } from '../flow/world/open-disk.js';
import { systemRandom } from '../flow/world/system-random.js';
import { clearDiskFlag } from '../pair/arbiter/disk-flag.js';
import { diskReportLines, reportOnDisk, type DiskReport } from './disk-report.js';
import { parseDiskUrl } from './options/disk.js';

export function diskCommand(): Command {
  const urlOfDisk = 'a file, a block device or iscsi://host/target/lun';
  return new Command('disk')
    .description('make disks for guests, see who uses one, and free one that nobody uses')
    .addCommand(
      new Command('create')
        .description('a raw file for a guest’s disk, empty and sparse')
        .argument('<file>', 'must not exist')
        .argument('<size>', 'what the guest sees: 512M, 20G, 1T', parseDiskSize)
        .action(create),
    )
    .addCommand(
      new Command('show')
        .description('what a disk is, and which machine uses it')
        .argument('<url>', urlOfDisk, parseDiskUrl)
        .option('--json', 'print one JSON object', false)
        .action((url: string, { json }: { json: boolean }) => show(url, json)),
    )
    .addCommand(
      new Command('release')
        .description('free a disk of a machine that is gone; make sure that no replica of it lives')
        .argument('<url>', urlOfDisk, parseDiskUrl)
        .action(release),
    );
}

const unitBytes: Readonly<Record<string, number>> = {
  K: 2 ** 10,
  M: 2 ** 20,
  G: 2 ** 30,
  T: 2 ** 40,
};
const blockBytesMax = 4096;
const bytesMax = 2 ** 50;

/** `512M`, `20G`, `1T`: bytes, whole blocks of any size. */
export function parseDiskSize(text: string): number {
  const match = /^(\d{1,12})([KMGT])i?B?$/i.exec(text);
  const bytes = Number(match?.[1]) * (unitBytes[(match?.[2] ?? '').toUpperCase()] ?? NaN);
  if (!(bytes >= 2 ** 20 && bytes <= bytesMax) || bytes % blockBytesMax !== 0) {
    throw new InvalidArgumentError('Write a size as 512M, 20G or 1T: at least 1M, in whole 4K.');
  }
  return bytes;
}

/** The last MiB is vmft's own, so the file is that much larger. Only its owner may read it. */
function create(path: string, sizeBytes: number): void {
  let file: number;
  try {
    file = openSync(path, 'wx', 0o600);
  } catch (error) {
    throw cannotMake(path, error);
  }
  try {
    ftruncateSync(file, sizeBytes + limits.diskReservedBytes);
  } catch (error) {
    unlinkSync(path);
    throw cannotMake(path, error);
  } finally {
    closeSync(file);
  }
  console.log(`${path}: ${sizeBytes.toLocaleString('en')} bytes for the guest, all zero`);
}

function cannotMake(path: string, error: unknown): VmftError {
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  if (code === 'EEXIST') {
    return new VmftError(
      'disk-unusable',
      `${path} exists`,
      'name a file that does not, or delete it',
    );
  }
  return new VmftError(
    'disk-unusable',
    `cannot make ${path} (${code})`,
    'name a file in a folder that this user may write, on a file system with room for its size',
    error,
  );
}

async function show(url: string, json: boolean): Promise<void> {
  const report = await diskReportOf(url);
  if (json) {
    console.log(
      JSON.stringify(report, (_key, value: unknown) =>
        typeof value === 'bigint' ? value.toString() : value,
      ),
    );
    return;
  }
  for (const line of diskReportLines(report)) console.log(line);
}

/** Nothing is written. Rejects as {@link openDisk}. */
export async function diskReportOf(url: string): Promise<DiskReport> {
  const disk = await openToLook(url);
  try {
    return await reportOnDisk(disk);
  } finally {
    disk.close();
  }
}

/** Whether a LUN compares and writes shows only where it may be written. */
async function openToLook(url: string): Promise<Disk> {
  if (url.startsWith('iscsi:')) {
    try {
      return await open(url, { readOnly: false, claim: false });
    } catch (thrown) {
      if (asVmftError(thrown).code !== 'disk-unusable') throw thrown;
    }
  }
  return open(url, { readOnly: true, claim: false });
}

/**
 * Rejects with `disk-in-use` when a process of this host has a file or a block device. An iSCSI LUN is taken from whoever
 * holds it, with what he has under way, and given back: whoever claims it next shuts him out for good.
 */
async function release(url: string): Promise<void> {
  const disk = await open(url, { readOnly: false, claim: true });
  try {
    for (const line of diskReportLines(await reportOnDisk(disk))) console.log(line);
    await nativeDiskOf(disk).claim();
    await clearDiskFlag(disk);
    const was = await releaseReservation(disk, systemRandom);
    console.log('released: free, and without a flag');
    if (was?.state === 'copying') console.log('what is on it is an unfinished copy');
  } finally {
    disk.close();
  }
}

function open(url: string, how: { readOnly: boolean; claim: boolean }): Promise<Disk> {
  return openDisk(url, {
    ...how,
    holding: 'shared',
    holder: systemRandom.uniqueName(),
    timeoutMs: limits.diskOpenMs,
  });
}
