/** What fio does in the guest, and what it says about it. */

import { VmftError } from '../base/errors.js';

export interface DiskJob {
  readonly name: string;
  /** Options of fio beyond those that all jobs have. */
  readonly options: readonly string[];
}

/** The first one also fills the disk, so that reads find what is there. */
export const diskJobs: readonly DiskJob[] = [
  job('sequential write 128k, qd 16', 'write', '128k', 16),
  job('sequential read 128k, qd 16', 'read', '128k', 16),
  job('sequential write 128k, qd 1', 'write', '128k', 1),
  job('sequential read 128k, qd 1', 'read', '128k', 1),
  job('random write 4k, qd 16', 'randwrite', '4k', 16),
  job('random read 4k, qd 16', 'randread', '4k', 16),
  job('random write 4k, qd 1', 'randwrite', '4k', 1),
  job('random read 4k, qd 1', 'randread', '4k', 1),
  job('random write 4k, qd 1, synced', 'randwrite', '4k', 1, '--fdatasync=1'),
];

function job(
  name: string,
  pattern: string,
  block: string,
  depth: number,
  ...more: readonly string[]
): DiskJob {
  const options = [`--rw=${pattern}`, `--bs=${block}`, `--iodepth=${depth}`, ...more];
  return { name, options };
}

/** A command line for the guest. The disk is used itself, not through a file system or the guest's cache. */
export function fioCommand({ options }: DiskJob, device: string, runtimeMs: number): string {
  return [
    ...['fio', '--name=job', `--filename=${device}`, '--direct=1', '--ioengine=libaio'],
    ...['--norandommap', '--randrepeat=0', '--time_based', `--runtime=${runtimeMs}ms`],
    ...['--output-format=json', ...options],
  ].join(' ');
}

export interface JobSample {
  readonly bytes: number;
  readonly runtimeMs: number;
  readonly mbytePerS: number;
  readonly operationsPerS: number;
  /** From submission to the end, milliseconds; with the flush, where each write is followed by one. */
  readonly latencyMs: number;
}

interface FioDirection {
  readonly io_bytes: number;
  readonly runtime: number;
  readonly bw_bytes: number;
  readonly iops: number;
  readonly total_ios: number;
  readonly clat_ns: FioSpread;
}

interface FioSpread {
  readonly percentile?: Readonly<Record<string, number>>;
}

interface FioJob {
  readonly error: number;
  readonly read: FioDirection;
  readonly write: FioDirection;
  readonly sync?: { readonly lat_ns: FioSpread };
}

/** @param output of `fio --output-format=json`, with its warnings before the object */
export function parseFio(output: string): JobSample {
  const [result] = jobsOf(output);
  if (result?.error !== 0)
    throw new VmftError('internal', `fio failed in the guest: ${output.trim().slice(-300)}`);
  const direction = result.read.total_ios > 0 ? result.read : result.write;
  const latencyNs = medianOf(direction.clat_ns) + medianOf(result.sync?.lat_ns ?? {});
  return {
    bytes: direction.io_bytes,
    runtimeMs: direction.runtime,
    mbytePerS: direction.bw_bytes / 1e6,
    operationsPerS: direction.iops,
    latencyMs: latencyNs / 1e6,
  };
}

function jobsOf(output: string): readonly FioJob[] {
  const from = output.search(/^\{/m);
  const to = output.lastIndexOf('}');
  try {
    return (JSON.parse(output.slice(from, to + 1)) as { jobs: FioJob[] }).jobs;
  } catch {
    return [];
  }
}

function medianOf({ percentile }: FioSpread): number {
  return percentile?.['50.000000'] ?? 0;
}
