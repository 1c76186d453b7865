import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import {
  counterPort,
  DemoNetwork,
  guestAddress,
  guestPrefixBits,
} from '../../../src/cli/demo/demo-network.js';
import { hostMethods } from '../../../src/host/api/host-client.js';
import type { MachineStatus, OperationProgress } from '../../../src/host/api/methods.js';
import { ReplicaEvents, type SeenEvent } from './replica-events.js';
import { TrialHost } from './trial-host.js';

export const machineName = 'counter';
const guestMac = '02:00:00:00:00:02';
const callMs = 10_000;
const bootMsMax = 180_000;
const lookEveryMs = 25;

export interface ClusterOptions {
  readonly hosts: number;
  readonly folder: string;
  /** Of the guest, as `256M`. */
  readonly memory: string;
  readonly replication?: string;
}

/** Hosts with daemons, and one machine on them that counts. */
export class TrialCluster {
  readonly hosts: readonly TrialHost[];
  readonly events: ReplicaEvents;

  private constructor(
    readonly network: DemoNetwork,
    private readonly options: ClusterOptions,
  ) {
    this.hosts = network.hosts.map((host) => new TrialHost(host, network, options.folder, '2G'));
    this.events = new ReplicaEvents(this.hosts);
  }

  /** Starts the daemons, and the machine on host a. */
  static async start(options: ClusterOptions): Promise<TrialCluster> {
    mkdirSync(join(options.folder, 'arbiter'), { recursive: true });
    const cluster = new TrialCluster(await DemoNetwork.create(options.hosts), options);
    try {
      await Promise.all(cluster.hosts.map((host) => host.boot()));
      await cluster.startMachine();
      return cluster;
    } catch (error) {
      await cluster.close();
      throw error;
    }
  }

  host(name: string): TrialHost {
    const found = this.hosts.find((host) => host.name === name);
    if (found === undefined) throw new Error(`there is no host "${name}"`);
    return found;
  }

  /** As the first host that answers says; null when none does, or it does not know the machine. */
  async machine(): Promise<MachineStatus | null> {
    for (const host of this.hosts) {
      if (!host.alive) continue;
      const status = await this.machineAsSeenBy(host);
      if (status !== null) return status;
    }
    return null;
  }

  async machineAsSeenBy(host: TrialHost): Promise<MachineStatus | null> {
    const request = { name: machineName, thisHostOnly: false };
    try {
      const reply = await host.client.call(hostMethods.status, request, { withinMs: callMs });
      return reply.machines.find(({ name }) => name === machineName) ?? null;
    } catch {
      return null;
    }
  }

  /** Resolves when the daemons say that the machine is protected, and by whom. */
  async protected(withinMs: number): Promise<MachineStatus> {
    const until = Date.now() + withinMs;
    for (;;) {
      const status = await this.machine();
      const whole = status?.state === 'protected' && status.primary !== '' && status.backup !== '';
      if (whole) return status;
      if (Date.now() > until) {
        const is =
          status === null
            ? 'not known'
            : `${status.state} on "${status.primary}" and "${status.backup}": ${status.note}`;
        throw new Error(
          `the machine is not protected within ${withinMs / 1000} s; it is ${is}\n${this.notices()}`,
        );
      }
      await sleep(lookEveryMs);
    }
  }

  async event(
    what: string,
    wanted: (event: SeenEvent) => boolean,
    withinMs: number,
  ): Promise<SeenEvent> {
    const found = await this.events.find(wanted, withinMs);
    if (found !== null) return found;
    throw new Error(`${what} was not seen within ${withinMs / 1000} s\n${this.notices()}`);
  }

  /** Resolves when the operation is done. */
  async move(replica: 'primary' | 'backup', to: string): Promise<OperationProgress[]> {
    const asked = this.hosts.find(({ alive }) => alive);
    const steps: OperationProgress[] = [];
    const request = { name: machineName, replica, to };
    await asked?.client.stream(hostMethods.move, request, (progress) => steps.push(progress));
    return steps;
  }

  /** What the daemons said last, for a failure. */
  notices(): string {
    return this.hosts.map((host) => `host ${host.name}: ${host.lastNotices}`).join('\n');
  }

  async close(): Promise<void> {
    this.events.close();
    for (const host of this.hosts) {
      host.client.close();
      await host.die();
    }
    this.network.close();
  }

  private async startMachine(): Promise<void> {
    const [first] = this.hosts;
    if (first === undefined) throw new Error('bug: no host');
    const append = `vmft.mode=demo vmft.ip=${guestAddress}/${guestPrefixBits} vmft.port=${counterPort}`;
    await first.client.call(
      hostMethods.start,
      {
        spec: {
          ...{ name: machineName, machineId: '', memoryBytes: bytesOf(this.options.memory) },
          guest: { built: 'debian', kernel: '', initramfs: '', append },
          ...{
            mac: guestMac,
            disks: [],
            arbiter: '',
            accelerator: 'soft',
            counter: '',
            interpret: false,
          },
          ...{ replication: this.options.replication ?? '', protected: true, antiAffinity: '' },
          ...{ hosts: [], onReset: '', settings: [], version: 0 },
        },
        ...{ host: '', restore: '' },
      },
      { withinMs: bootMsMax },
    );
  }
}

function bytesOf(text: string): number {
  const match = /^(\d+)M$/.exec(text);
  if (match === null) throw new Error(`${text} is not a size such as 256M`);
  return Number(match[1]) * 2 ** 20;
}
