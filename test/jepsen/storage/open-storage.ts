import { execFileSync } from 'node:child_process';
import { mkdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { storageAddress } from '../../../src/cli/demo/demo-network.js';
import { EtcdCluster } from '../../storage/etcd.js';
import { TgtServer } from '../../storage/tgt.js';
import { storageWords, type Mode, type PairStorage } from './pair-storage.js';

/** Below `folder`, which is empty; the disk begins as a copy of `image`. */
export async function openStorage(mode: Mode, folder: string, image: string): Promise<PairStorage> {
  switch (mode) {
    case 'shared':
    case 'backup-read':
      return sharedFile(mode, folder, image);
    case 'iscsi':
    case 'iscsi-read':
      return IscsiStorage.open(mode, folder, image);
    case 'private':
    case 'private-read':
      return PrivateStorage.open(mode, folder, image);
  }
}

function sharedFile(mode: Mode, folder: string, image: string): PairStorage {
  const path = copyOf(image, join(folder, 'shared.img'));
  return {
    arbiter: `file:${join(folder, 'arbiter')}`,
    replicaWords: (_host, role) => storageWords(mode, 'shared', path, role),
    diskUrl: () => path,
    imagePaths: [path],
    close: () => Promise.resolve(),
  };
}

export class IscsiStorage implements PairStorage {
  private constructor(
    private readonly mode: Mode,
    readonly imagePaths: readonly string[],
    readonly target: TgtServer,
  ) {}

  static async open(mode: Mode, folder: string, image: string): Promise<IscsiStorage> {
    const path = copyOf(image, join(folder, 'lun.img'));
    const target = await TgtServer.start({ address: storageAddress, imagePaths: [path] });
    return new IscsiStorage(mode, [path], target);
  }

  get arbiter(): string {
    return this.target.url();
  }

  replicaWords(_host: unknown, role: 'primary' | 'backup'): string[] {
    return storageWords(this.mode, 'shared', this.target.url(), role);
  }

  diskUrl(): string {
    return this.target.url();
  }

  close(): Promise<void> {
    return this.target.stop();
  }
}

export class PrivateStorage implements PairStorage {
  private constructor(
    private readonly mode: Mode,
    private readonly paths: Readonly<Record<'a' | 'b', string>>,
    readonly cluster: EtcdCluster,
  ) {}

  static async open(mode: Mode, folder: string, image: string): Promise<PrivateStorage> {
    const paths = { a: copyOf(image, join(folder, 'a.img')), b: join(folder, 'b.img') };
    writeFileSync(paths.b, '');
    truncateSync(paths.b, statSync(image).size);
    return new PrivateStorage(mode, paths, await EtcdCluster.start(3, null, storageAddress));
  }

  get arbiter(): string {
    return this.cluster.url('jepsen');
  }

  get imagePaths(): readonly string[] {
    return Object.values(this.paths);
  }

  replicaWords(host: { readonly label: string }, role: 'primary' | 'backup'): string[] {
    return storageWords(this.mode, 'private', this.diskUrl(host), role);
  }

  diskUrl({ label }: { readonly label: string }): string {
    return label === 'a' ? this.paths.a : this.paths.b;
  }

  close(): Promise<void> {
    return this.cluster.stop();
  }
}

/** A copy with its holes; its path. */
export function copyOf(image: string, path: string): string {
  mkdirSync(dirname(path), { recursive: true });
  execFileSync('cp', ['--sparse=always', '--reflink=auto', image, path]);
  return path;
}
