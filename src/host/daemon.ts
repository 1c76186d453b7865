import type { Clock } from '../base/clock.js';
import { asVmftError } from '../base/errors.js';
import { hostTimes } from '../base/limits.js';
import type { Logger } from '../base/logger.js';
import type { Random } from '../base/random.js';
import { formatAddress } from '../pair/channel/address.js';
import { serveApi, type ApiServer } from './api/api-server.js';
import type { HostDescription } from './api/methods.js';
import { DaemonApi } from './api/daemon-api.js';
import type { HostConfig } from './config.js';
import { HostedMachine, type MachineHouse } from './machine/hosted-machine.js';
import { isLive } from './machine/machine-record.js';
import { TakeIn } from './machine/take-in.js';
import { RecordStore } from './machine/record-store.js';
import { OperationSlots } from './operation/operation-slots.js';
import { Peers } from './peers/peers.js';
import { lastLiveReplica, releaseDisks } from './recovery/last-live.js';
import { openReplica } from './replica/open-replica.js';
import { replicaProcesses } from './supervision/replica-process.js';
import { arbiterOf } from './supervision/replica-words.js';
import { hostTaps } from './supervision/tap.js';

export interface HostOptions {
  /** What runs `vmft` on this host: a program and its first words. */
  readonly command: readonly string[];
  /** Of this vmft; replicas of one machine must have the same. */
  readonly build: string;
  /** That guests can be run by here: soft, kvm. */
  readonly accelerators: readonly string[];
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** A host's daemon that runs. */
export interface HostDaemon {
  readonly config: HostConfig;
  /** Ends the daemon; its replicas go on, and the next daemon finds them. */
  close(): Promise<void>;
}

/**
 * Runs the daemon of a host: finds the replicas that run, serves the control API, protects the machines that are live here.
 * Rejects with `config-unusable`, `address-unavailable`, `tls-unusable`.
 */
export async function runHost(config: HostConfig, options: HostOptions): Promise<HostDaemon> {
  const host = new RunningHost(config, options);
  await host.start();
  return host;
}

class RunningHost implements HostDaemon {
  private readonly machines = new Map<string, HostedMachine>();
  private readonly peers: Peers;
  private readonly house: MachineHouse;
  private readonly takeIn: TakeIn;
  private readonly startedRealtimeMs: number;
  private server: ApiServer | null = null;
  private readonly timers: (() => void)[] = [];
  private silent: ReadonlySet<string> = new Set();
  private polling = false;

  constructor(
    readonly config: HostConfig,
    private readonly options: HostOptions,
  ) {
    const { clock, random, log, command } = options;
    this.startedRealtimeMs = Math.round(clock.realtimeMs());
    this.peers = new Peers(config, clock);
    this.house = {
      config,
      clock,
      random,
      log,
      store: RecordStore.open(config.state),
      processes: replicaProcesses(command),
      taps: hostTaps(config.bridge),
      openReplica,
      peers: this.peers,
      operations: new OperationSlots(),
      intakes: new OperationSlots(),
      self: () => this.describe(),
      lastLive: (spec) => lastLiveReplica(arbiterOf(spec, config), spec.machineId, random),
      releaseDisks: (spec) => releaseDisks(command, spec, config.name),
      forgotten: (machine) => {
        if (this.machines.get(machine.name) === machine) this.machines.delete(machine.name);
      },
    };
    this.takeIn = new TakeIn(this.house, this.machines);
  }

  async start(): Promise<void> {
    const { clock, log } = this.options;
    try {
      await this.adopt();
      const api = new DaemonApi(
        this.house,
        this.machines,
        this.peers,
        new TakeIn(this.house, this.machines),
      );
      this.server = await serveApi(api, this.config, log);
    } catch (error) {
      await this.close();
      throw error;
    }
    this.timers.push(
      clock.every(tickMs, () => {
        for (const machine of [...this.machines.values()]) machine.tick();
      }),
      clock.every(hostTimes.replicaStatusMs, () => {
        for (const machine of [...this.machines.values()]) machine.look();
      }),
      clock.every(hostTimes.peerPollMs, () => void this.pollPeers()),
    );
    const { name, listen, socket } = this.config;
    log.info({ host: name, listen: formatAddress(listen), socket }, 'vmft host');
  }

  close(): Promise<void> {
    for (const stop of this.timers.splice(0)) stop();
    this.server?.close();
    for (const machine of this.machines.values()) machine.letGo();
    this.peers.close();
    return Promise.resolve();
  }

  private describe(): HostDescription {
    const { config, options } = this;
    const starting = this.takeIn.describe();
    const isStarting = new Set(starting.map(({ spec }) => spec?.name));
    const replicas = [...this.machines.values()]
      .filter(({ name }) => !isStarting.has(name))
      .map((machine) => machine.describe())
      .concat(starting);
    const taken = replicas.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
    return {
      name: config.name,
      address: formatAddress(config.listen),
      unreachable: '',
      vmft: options.build,
      memoryBytes: config.memoryBytes,
      memoryFreeBytes: Math.max(0, config.memoryBytes - taken),
      labels: { ...config.labels },
      accelerators: [...options.accelerators],
      replicas,
      startedRealtimeMs: this.startedRealtimeMs,
    };
  }

  private async adopt(): Promise<void> {
    const { records, damaged } = this.house.store.load();
    for (const file of damaged) this.options.log.error({ file }, 'a damaged record is set aside');
    for (const record of records) {
      const machine = await HostedMachine.adopt(this.house, record);
      const { role } = machine;
      this.options.log.info({ machine: record.spec.name, role }, 'found');
      if (!machine.isGone) this.machines.set(machine.name, machine);
    }
  }

  /** Who comes back may take a backup, or know what became of a lost machine. */
  private async pollPeers(): Promise<void> {
    if (this.polling) return;
    this.polling = true;
    try {
      const answers = await this.peers.describeAll();
      const silent = new Set(
        answers.filter(({ unreachable }) => unreachable !== '').map(({ name }) => name),
      );
      const isBack = [...this.silent].some((name) => !silent.has(name));
      this.silent = silent;
      const live = new Set(
        answers.flatMap(({ replicas }) =>
          replicas.filter(({ role }) => isLive(role)).map(({ spec }) => spec?.name),
        ),
      );
      for (const machine of [...this.machines.values()]) {
        if (isBack) machine.hostBack();
        // It was started again elsewhere.
        if (machine.role === 'stopped' && live.has(machine.name)) machine.forget();
      }
    } catch (thrown) {
      this.options.log.error({ error: asVmftError(thrown).message }, 'asking the other hosts');
    } finally {
      this.polling = false;
    }
  }
}

const tickMs = 250;
