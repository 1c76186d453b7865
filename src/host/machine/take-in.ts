import { VmftError } from '../../base/errors.js';
import { limits } from '../../base/limits.js';
import type { HostDescription, Message, ReplicaDescription } from '../api/methods.js';
import { refusalOf } from '../protection/placement.js';
import { arbiterOf } from '../supervision/replica-words.js';
import { HostedMachine, type MachineHouse } from './hosted-machine.js';
import type { MachineRecord } from './machine-record.js';
import { mayHave, parseMachineSpec, type MachineSpec } from './machine-spec.js';

/** How machines come to this host: started by an operator, or as another host's backup. */
export class TakeIn {
  /** Whose processes do not answer yet. They have their memory, and show in what this host tells. */
  private readonly starting = new Map<string, MachineSpec>();

  constructor(
    private readonly house: MachineHouse,
    private readonly machines: Map<string, HostedMachine>,
  ) {}

  /** The replicas that are being started. */
  describe(): ReplicaDescription[] {
    const nowMs = Math.round(this.house.clock.realtimeMs());
    return [...this.starting.values()].map((spec) => ({
      spec,
      replicaId: '',
      role: 'starting',
      phase: '',
      generation: 0,
      listening: '',
      trouble: '',
      unprotectedMs: 0,
      operation: '',
      memoryBytes: spec.memoryBytes,
      replication: '',
      sinceRealtimeMs: nowMs,
      lastFailure: '',
    }));
  }

  /**
   * Starts a machine here. A spec that names no guest means the machine of this name that this host still knows.
   * Rejects with `machine-exists`, `host-refused`, `usage`, and what its process says.
   */
  async start(request: Message<'StartRequest'>, askedBy: string): Promise<HostedMachine> {
    const asked = request.spec;
    if (asked === null) throw new VmftError('usage', 'no machine is described');
    this.requireFree(asked.name, await this.house.peers.describeAll());
    return this.house.intakes.during(asked.name, { what: 'start', askedBy }, async () => {
      this.requireFree(asked.name, []);
      const spec = await this.newSpec(asked);
      this.requireRoom(spec);
      return this.replace(spec, () =>
        HostedMachine.startPrimary(this.house, spec, request.restore),
      );
    });
  }

  /**
   * Starts a backup of a machine that is live on the host that asks. Rejects with `host-refused`, `machine-busy`, and what
   * its process says.
   */
  async startBackup(request: Message<'StartBackupRequest'>): Promise<HostedMachine> {
    const { primary, generation, askedBy } = request;
    const spec = parseMachineSpec(request.spec);
    const operation = { what: 'start of a backup', askedBy: `host ${askedBy}` };
    return this.house.intakes.during(spec.name, operation, async () => {
      const found = this.machines.get(spec.name);
      if (found !== undefined) {
        const isSame = found.spec.machineId === spec.machineId;
        // It was asked before, by a daemon that does not remember.
        if (isSame && (found.role === 'joining' || found.role === 'starting')) return found;
        await this.makeWay(found, spec, generation);
      }
      this.requireRoom(spec);
      return this.replace(spec, () => HostedMachine.startBackup(this.house, spec, primary));
    });
  }

  /**
   * An older replica of the machine, which is over: the one that asks is live. Frozen, or before an arbiter that does not
   * answer, it may not know.
   */
  private async makeWay(
    found: HostedMachine,
    spec: MachineSpec,
    generation: number,
  ): Promise<void> {
    if (found.role === 'lost' || found.role === 'stopped') return;
    const isSame = found.spec.machineId === spec.machineId;
    if (found.live && (!isSame || found.generation > generation)) {
      throw refused(
        `machine ${spec.name} is live on host ${this.here} itself, in generation ${found.generation}`,
      );
    }
    const over = (): boolean => found.isGone || found.role === 'lost' || found.role === 'stopped';
    if (await found.until(over, staleReplicaMs)) return;
    const { log } = this.house;
    log.warn({ machine: spec.name, role: found.role }, 'a replica that is over is ended');
    await found.end();
  }

  private requireFree(name: string, others: readonly HostDescription[]): void {
    for (const { name: host, replicas } of [this.house.self(), ...others]) {
      const there = replicas.find(({ spec }) => spec?.name === name);
      if (there === undefined || there.role === 'lost' || there.role === 'stopped') continue;
      throw new VmftError(
        'machine-exists',
        `machine ${name} runs on host ${host} (${there.role})`,
        'stop it first, or use another name',
      );
    }
  }

  /** Checked and completed. */
  private async newSpec(asked: Message<'MachineSpec'>): Promise<MachineSpec> {
    const known = this.machines.get(asked.name)?.spec;
    const isNamedOnly = (asked.guest?.built ?? '') === '' && (asked.guest?.kernel ?? '') === '';
    if (isNamedOnly && known === undefined) {
      throw new VmftError(
        'machine-unknown',
        `host ${this.here} does not know a machine ${asked.name}, and no guest is named`,
        'name a built guest, or a kernel',
      );
    }
    const { random, config } = this.house;
    const spec = isNamedOnly && known !== undefined ? known : parseMachineSpec(asked);
    const arbiter = arbiterOf(spec, config);
    if (spec.protected && arbiter === null) {
      throw new VmftError(
        'usage',
        `machine ${spec.name} is to be protected, and no arbiter is named`,
        'name one with the machine, or in the daemon’s file',
      );
    }
    if (spec.mac !== '' && config.bridge === null) {
      throw refused(`host ${this.here} has no bridge for the machine's network`);
    }
    return {
      ...spec,
      machineId: random.uniqueName(),
      // Other hosts' files may name another.
      arbiter: arbiter ?? '',
      version: Math.max(spec.version, known?.version ?? 0) + 1,
    };
  }

  private requireRoom(spec: MachineSpec): void {
    const self = this.house.self();
    if (this.machines.size >= limits.machinesMax) throw refused(`host ${this.here} is full`);
    if (!mayHave(spec, this.here)) {
      throw refused(`machine ${spec.name} may not be on host ${this.here}`);
    }
    // The rest of placement is between two hosts, and the primary's part of it.
    const why = refusalOf(self, {
      spec: { ...spec, antiAffinity: '' },
      primary: { name: '', labels: {}, vmft: self.vmft },
    });
    if (why !== null) throw refused(`host ${this.here} ${why}`);
  }

  /** What was kept of a machine of the name is back if the new one does not start. */
  private async replace(
    spec: MachineSpec,
    start: () => Promise<HostedMachine>,
  ): Promise<HostedMachine> {
    const { name } = spec;
    const before = this.machines.get(name);
    const record: MachineRecord | null =
      before === undefined || isRunning(before) ? null : before.record;
    before?.setAside(true);
    this.starting.set(name, spec);
    try {
      const machine = await start();
      before?.letGo();
      this.machines.set(name, machine);
      return machine;
    } catch (error) {
      before?.setAside(false);
      if (record === null) this.house.store.remove(name);
      else this.house.store.save(record);
      throw error;
    } finally {
      this.starting.delete(name);
    }
  }

  private get here(): string {
    return this.house.config.name;
  }
}

function isRunning({ role }: HostedMachine): boolean {
  return role !== 'lost' && role !== 'stopped';
}

function refused(message: string): VmftError {
  return new VmftError('host-refused', message, 'vmft status shows what hosts have');
}

/** For a replica that is over to find that out by itself. */
const staleReplicaMs = 1_000;
