import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

import { ServerProcess } from './server-process.js';

const firstPort = 2379;
const clusterToken = 'vmft-test';

interface Member {
  readonly name: string;
  readonly clientUrl: string;
  readonly peerUrl: string;
  server: ServerProcess | null;
}

/** A cluster of etcd members on one address of this process's network. */
export class EtcdCluster {
  private readonly members: Member[];

  private constructor(
    private readonly folder: string,
    private readonly address: string,
    size: number,
  ) {
    this.members = Array.from({ length: size }, (_, index) => ({
      name: `member${index}`,
      clientUrl: `http://${address}:${firstPort + 2 * index}`,
      peerUrl: `http://${address}:${firstPort + 2 * index + 1}`,
      server: null,
    }));
  }

  static async start(folder: string, address: string, size: number): Promise<EtcdCluster> {
    const cluster = new EtcdCluster(folder, address, size);
    await cluster.begin();
    return cluster;
  }

  /** As `--arbiter` takes it. */
  get url(): string {
    const hosts = this.members.map((_, index) => `${this.address}:${firstPort + 2 * index}`);
    return `etcd://${hosts.join(',')}`;
  }

  /** So many members die: with half of them gone or more there is no quorum. */
  async die(count: number): Promise<void> {
    for (const member of this.members.slice(0, count)) {
      await member.server?.killed();
      member.server = null;
    }
  }

  /** Starts those that do not run; resolves when the cluster answers. */
  async begin(): Promise<void> {
    const all = this.members.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(',');
    const dead = this.members.filter(({ server }) => server === null);
    await Promise.all(
      dead.map(async (member) => {
        const { name, clientUrl, peerUrl } = member;
        member.server = await ServerProcess.start(
          [
            ...['etcd', '--name', name, '--data-dir', join(this.folder, name)],
            ...['--listen-client-urls', clientUrl, '--advertise-client-urls', clientUrl],
            ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
            ...['--initial-cluster', all, '--initial-cluster-token', clusterToken],
            ...['--log-level', 'error'],
          ],
          {},
          () => undefined,
        );
      }),
    );
    this.answers();
  }

  kill(): void {
    for (const { server } of this.members) server?.kill();
  }

  private answers(): void {
    const endpoints = this.members.map(({ clientUrl }) => clientUrl).join(',');
    const options = ['--endpoints', endpoints, '--command-timeout=30s', 'get', 'nothing'];
    const environment = { ...process.env, ETCDCTL_API: '3' };
    const result = spawnSync('etcdctl', options, { env: environment, encoding: 'utf8' });
    if (result.status === 0) return;
    throw new Error(`etcd does not answer: ${result.error?.message ?? result.stderr.trim()}`);
  }
}
