import type { DemoHost } from '../../../src/cli/demo/demo-network.js';

/**
 *   shared        one file that both hosts see, arbiter in a directory beside it
 *   iscsi         one LUN of a target that both hosts reach, arbiter on the LUN itself
 *   private       a file per host, arbiter etcd
 *   backup-read   as shared, and the backup does reads itself
 *   iscsi-read, private-read   the same for the other two
 */
export const modes = [
  'shared',
  'iscsi',
  'private',
  'backup-read',
  'iscsi-read',
  'private-read',
] as const;
export type Mode = (typeof modes)[number];

/** Where a pair keeps its guest's disk, and who arbitrates. */
export interface PairStorage {
  /** URL. */
  readonly arbiter: string;
  /** Options of a replica on this host. */
  replicaWords(host: DemoHost, role: 'primary' | 'backup'): readonly string[];
  /** URL of the disk that this host writes. */
  diskUrl(host: DemoHost): string;
  /** Files that hold a copy of the disk. */
  readonly imagePaths: readonly string[];
  close(): Promise<void>;
}

/** The same for the disks of all modes. */
export function storageWords(
  mode: Mode,
  holding: 'shared' | 'private',
  url: string,
  role: 'primary' | 'backup',
): string[] {
  if (role === 'backup') return ['--disk', url];
  const reads = mode.endsWith('-read') ? ['--disk-reads', 'backup'] : [];
  return ['--disk', `${url},${holding}`, ...reads];
}
