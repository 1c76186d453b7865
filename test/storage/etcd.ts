/** Real etcd members, on loopback if not told otherwise, for tests: started here, killed by their process ids, gone with their folder. */
import { spawn, spawnSync, execFileSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Why tests with etcd cannot run here; false when they can. */
export const noEtcd: string | false = ['etcd', 'etcdctl'].every(
  (name) => spawnSync(name, [name === 'etcd' ? '--version' : 'version']).error === undefined,
)
  ? false
  : 'etcd is not here';

export interface EtcdFiles {
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

const answerMs = 30_000;

export class EtcdCluster {
  private readonly directory = mkdtempSync(join(tmpdir(), 'vmft-etcd-'));
  private readonly running = new Map<number, ChildProcess>();

  private constructor(
    readonly clientPorts: readonly number[],
    private readonly peerPorts: readonly number[],
    private readonly tls: EtcdFiles | null,
    private readonly address: string,
  ) {}

  /** Resolves once the cluster has a leader. */
  static async start(
    members: number,
    tls: EtcdFiles | null = null,
    address = '127.0.0.1',
  ): Promise<EtcdCluster> {
    const ports = await freePorts(2 * members);
    const cluster = new EtcdCluster(ports.slice(0, members), ports.slice(members), tls, address);
    for (const member of cluster.clientPorts.keys()) cluster.startMember(member);
    await cluster.whenHealthy();
    return cluster;
  }

  /** For an arbiter: all members, keys below `prefix`. */
  url(prefix: string): string {
    return `etcd://${this.clientPorts.map((port) => `${this.address}:${port}`).join(',')}/${prefix}`;
  }

  /** Also one that was killed: it comes back with its data. */
  startMember(member: number): void {
    const scheme = this.tls === null ? 'http' : 'https';
    const client = `${scheme}://${this.address}:${this.clientPorts[member] ?? 0}`;
    const peer = (port: number): string => `http://${this.address}:${port}`;
    const own = peer(this.peerPorts[member] ?? 0);
    const all = this.peerPorts.map((port, n) => `m${n}=${peer(port)}`).join(',');
    const options = [
      ...['--name', `m${member}`, '--data-dir', join(this.directory, `m${member}`)],
      ...['--listen-client-urls', client, '--advertise-client-urls', client],
      ...['--listen-peer-urls', own, '--initial-advertise-peer-urls', own],
      ...['--initial-cluster', all, '--initial-cluster-token', this.directory],
      ...['--heartbeat-interval', '100', '--election-timeout', '1000', '--log-level', 'fatal'],
    ];
    if (this.tls !== null) {
      const { authority, certificate, key } = this.tls;
      options.push('--cert-file', certificate, '--key-file', key);
      options.push('--trusted-ca-file', authority, '--client-cert-auth');
    }
    const child = spawn('etcd', options, { stdio: 'ignore' });
    this.running.set(member, child);
  }

  /** SIGKILL. */
  async killMember(member: number): Promise<void> {
    const child = this.running.get(member);
    this.running.delete(member);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  /** SIGSTOP and SIGCONT: a member that keeps its connections and does not answer. */
  freezeMember(member: number, frozen: boolean): void {
    this.running.get(member)?.kill(frozen ? 'SIGSTOP' : 'SIGCONT');
  }

  async whenHealthy(): Promise<void> {
    const giveUpAtMs = Date.now() + answerMs;
    while (this.trial(['get', 'nothing']) !== 0) {
      if (Date.now() > giveUpAtMs) throw new Error('etcd does not come up');
      await sleep(100);
    }
  }

  /** etcdctl, with these words. */
  control(words: readonly string[]): string {
    return execFileSync('etcdctl', [...this.endpoints(), ...words], {
      env: controlEnvironment,
      encoding: 'utf8',
    });
  }

  async stop(): Promise<void> {
    await Promise.all([...this.running.keys()].map((member) => this.killMember(member)));
    rmSync(this.directory, { recursive: true, force: true });
  }

  private trial(words: readonly string[]): number | null {
    return spawnSync('etcdctl', ['--dial-timeout=1s', ...this.endpoints(), ...words], {
      env: controlEnvironment,
      stdio: 'ignore',
    }).status;
  }

  private endpoints(): string[] {
    const ports = [...this.running.keys()].map((member) => this.clientPorts[member] ?? 0);
    const scheme = this.tls === null ? 'http' : 'https';
    const list = ports.map((port) => `${scheme}://${this.address}:${port}`).join(',');
    if (this.tls === null) return ['--endpoints', list];
    const { authority, certificate, key } = this.tls;
    return ['--endpoints', list, '--cacert', authority, '--cert', certificate, '--key', key];
  }
}

const controlEnvironment = { ...process.env, ETCDCTL_API: '3' };

/** Ports that were free a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    [...Array(count).keys()].map(
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
          const server = createServer();
          server.once('error', reject);
          server.listen(0, '127.0.0.1', () => {
            resolve(server);
          });
        }),
    ),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))));
  return ports;
}
