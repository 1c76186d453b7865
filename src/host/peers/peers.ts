import type { Clock } from '../../base/clock.js';
import { asVmftError } from '../../base/errors.js';
import { hostTimes } from '../../base/limits.js';
import { formatAddress } from '../../pair/channel/address.js';
import { HostClient } from '../api/host-client.js';
import { peerMethods, type HostDescription, type Message } from '../api/methods.js';
import type { HostConfig, PeerConfig } from '../config.js';

/** The other hosts of the cluster. */
export class Peers {
  private readonly clients: ReadonlyMap<string, HostClient>;

  constructor(
    private readonly config: Pick<HostConfig, 'peers' | 'tls'>,
    private readonly clock: Clock,
  ) {
    this.clients = new Map(
      config.peers.map(({ name, address }) => [
        name,
        new HostClient({ address, tls: config.tls, hostName: name }),
      ]),
    );
  }

  /** Null: no host of this cluster, or this one. */
  client(host: string): HostClient | null {
    return this.clients.get(host) ?? null;
  }

  /** Every peer's answer; of one that does not answer, why. Never rejects. */
  describeAll(): Promise<HostDescription[]> {
    return Promise.all(this.config.peers.map((peer) => this.describe(peer)));
  }

  /** The same, but those that answer are not held up for long by those that do not. */
  async describeThoseThere(): Promise<HostDescription[]> {
    const { peers } = this.config;
    const answers = new Map<string, HostDescription>();
    const all = peers.map(async (peer) => {
      answers.set(peer.name, await this.describe(peer));
    });
    const oneAnswered = Promise.race(all).then(() => this.after(hostTimes.describeGraceMs));
    await Promise.race([Promise.all(all), oneAnswered]);
    return peers.map(
      (peer) => answers.get(peer.name) ?? silentHost(peer, 'no answer for the moment'),
    );
  }

  async describe(peer: PeerConfig): Promise<HostDescription> {
    try {
      const client = this.clients.get(peer.name);
      if (client === undefined) throw new Error(`${peer.name} is no peer`);
      const answer = await client.call(
        peerMethods.describe,
        {},
        { withinMs: hostTimes.describeMs },
      );
      // It may be another host that has the address now.
      if (answer.name === peer.name) return { ...answer, address: formatAddress(peer.address) };
      return silentHost(peer, `at its address is a host that calls itself ${answer.name}`);
    } catch (error) {
      return silentHost(peer, asVmftError(error).message);
    }
  }

  /** Rejects with what the host says, and as {@link HostClient.call}. */
  async startBackup(host: string, request: Message<'StartBackupRequest'>): Promise<void> {
    await this.need(host).call(peerMethods.startBackup, request, {
      withinMs: hostTimes.peerReplicaMs,
    });
  }

  async stopBackup(host: string, request: Message<'StopBackupRequest'>): Promise<void> {
    await this.need(host).call(peerMethods.stopBackup, request, {
      withinMs: hostTimes.peerReplicaMs,
    });
  }

  close(): void {
    for (const client of this.clients.values()) client.close();
  }

  private need(host: string): HostClient {
    const client = this.clients.get(host);
    if (client === undefined) throw new Error(`bug: ${host} is no peer`);
    return client;
  }

  private after(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.clock.after(delayMs, resolve);
    });
  }
}

/** A host of which nothing is known but its name. */
export function silentHost({ name, address }: PeerConfig, why: string): HostDescription {
  return {
    name,
    address: formatAddress(address),
    unreachable: why === '' ? 'no answer' : why,
    vmft: '',
    memoryBytes: 0,
    memoryFreeBytes: 0,
    labels: {},
    accelerators: [],
    replicas: [],
    startedRealtimeMs: 0,
  };
}
