import { asVmftError, VmftError } from '../../base/errors.js';
import { hostTimes } from '../../base/limits.js';
import type { HostDescription, ReplicaDescription } from '../api/methods.js';
import { operationText, type OperationSlots } from '../operation/operation-slots.js';
import type { Peers } from '../peers/peers.js';
import { placeBackup } from '../protection/placement.js';
import { Protector, type ProtectionNews, type ProtectorAction } from '../protection/protector.js';
import { endingOf, type Ending } from '../recovery/ending.js';
import { decideRecovery, type RecoveryQuestion } from '../recovery/recovery.js';
import { LocalReplica, type ReplicaHouse } from '../supervision/local-replica.js';
import type { ReplicaEvent } from '../supervision/replica-port.js';
import type { ReplicaEnd } from '../supervision/replica-view.js';
import { isLive, type MachineRecord } from './machine-record.js';
import type { MachineSpec } from './machine-spec.js';

/** What a machine needs of its host. */
export interface MachineHouse extends ReplicaHouse {
  readonly peers: Pick<Peers, 'describe' | 'describeAll' | 'describeThoseThere' | 'startBackup'>;
  readonly operations: OperationSlots;
  /**
   * Which machine is being started here, whether as an operator wants it or as another host's backup. Apart from
   * operations: one that hands its machine over may find it coming back as a backup before it is done.
   */
  readonly intakes: OperationSlots;
  /** This host, as it tells others. */
  self(): HostDescription;
  /** Who was live last, by the machine's arbiter. */
  lastLive(spec: MachineSpec): Promise<RecoveryQuestion['lastLive']>;
  /** Frees the disks of a machine that nobody has: only after a crash. */
  releaseDisks(spec: MachineSpec): Promise<void>;
  /** This host has it no more; it is to be dropped. */
  forgotten(machine: HostedMachine): void;
}

/** A machine on this host: its replica while one runs, what is kept of it, and the care for it. */
export class HostedMachine {
  private replica: LocalReplica | null = null;
  private kept: MachineRecord;
  private readonly protector: Protector;
  private readonly waiting = new Set<() => void>();
  private watched: { readonly host: string; missing: number } | null = null;
  private watching = false;
  private recovering = false;
  private recoverAtMs = 0;
  private recoverDelayMs = 0;
  private startsAtMs = 0;
  private note = '';
  private joinFailure: string | null = null;
  private starting = false;
  private leaving = false;
  private aside = false;
  private dropped = false;
  /** Told what the protector does; for operations. */
  onProtection: ((news: ProtectionNews) => void) | null = null;

  private constructor(
    private readonly house: MachineHouse,
    record: MachineRecord,
  ) {
    this.kept = record;
    const { retryMinMs: delayMinMs, retryMaxMs: delayMaxMs } = hostTimes;
    this.protector = new Protector({ delayMinMs, delayMaxMs });
  }

  /** Rejects as {@link LocalReplica.startPrimary}. */
  static async startPrimary(
    house: MachineHouse,
    spec: MachineSpec,
    restore: string,
  ): Promise<HostedMachine> {
    return HostedMachine.of(house, await LocalReplica.startPrimary(house, spec, restore, 0));
  }

  static async startBackup(
    house: MachineHouse,
    spec: MachineSpec,
    primary: string,
  ): Promise<HostedMachine> {
    return HostedMachine.of(house, await LocalReplica.startBackup(house, spec, primary));
  }

  /** Of what was kept when the daemon began. */
  static async adopt(house: MachineHouse, record: MachineRecord): Promise<HostedMachine> {
    if (record.state !== 'running') return new HostedMachine(house, record);
    const replica = await LocalReplica.adopt(house, record);
    if (replica !== null) return HostedMachine.of(house, replica);
    const machine = new HostedMachine(house, record);
    machine.conclude(LocalReplica.endOf(house, record), '');
    return machine;
  }

  private static of(house: MachineHouse, replica: LocalReplica): HostedMachine {
    const machine = new HostedMachine(house, replica.record);
    machine.take(replica);
    return machine;
  }

  get name(): string {
    return this.kept.spec.name;
  }

  get spec(): MachineSpec {
    return this.record.spec;
  }

  get record(): MachineRecord {
    return this.replica?.record ?? this.kept;
  }

  get role(): MachineRecord['role'] | 'lost' | 'stopped' {
    if (this.replica !== null) return this.replica.view.role;
    if (this.starting) return 'starting';
    return this.kept.state === 'stopped' ? 'stopped' : 'lost';
  }

  get live(): boolean {
    return this.replica !== null && isLive(this.replica.view.role);
  }

  get generation(): number {
    return this.replica?.view.generation ?? this.kept.generation;
  }

  /** This host has it no more. */
  get isGone(): boolean {
    return this.dropped;
  }

  /** Why the last join that this primary took part in failed, since {@link clearJoinFailure}; null: none did. */
  get lastJoinFailure(): string | null {
    return this.joinFailure;
  }

  clearJoinFailure(): void {
    this.joinFailure = null;
  }

  /** Throws `machine-not-live` where no process of it runs. */
  get process(): LocalReplica {
    if (this.replica !== null) return this.replica;
    throw new VmftError('machine-not-live', `machine ${this.name} does not run here`);
  }

  describe(): ReplicaDescription {
    const { record, replica, spec } = this;
    const { clock, operations } = this.house;
    const operation = operations.of(this.name);
    const isUnprotected = spec.protected && this.role === 'alone';
    return {
      spec,
      replicaId: replica?.view.replicaId ?? record.replicaId,
      role: this.role,
      phase: replica?.status?.phase ?? '',
      generation: this.generation,
      listening: replica?.status?.listening ?? '',
      trouble: this.trouble(),
      unprotectedMs: isUnprotected
        ? Math.max(1, Math.round(clock.realtimeMs() - this.record.sinceRealtimeMs))
        : 0,
      operation: operation === null ? '' : operationText(operation),
      memoryBytes: replica === null && !this.starting ? 0 : spec.memoryBytes,
      replication: replica?.status?.replication ?? '',
      sinceRealtimeMs: Math.round(record.sinceRealtimeMs),
      lastFailure: this.live ? this.protector.lastFailure : '',
    };
  }

  /** About four times a second. */
  tick(): void {
    const nowMs = this.house.clock.nowMs();
    this.carryOut(this.protector.handle({ type: 'tick' }, nowMs));
    if (this.mayRecover && nowMs >= this.recoverAtMs) void this.recover();
  }

  /** About once a second. */
  look(): void {
    if (this.watched !== null && !this.watching) void this.lookAtBackup(this.watched);
  }

  /** A host answers that did not. */
  hostBack(): void {
    this.recoverAtMs = 0;
    this.carryOut(this.protector.handle({ type: 'host-back' }, this.house.clock.nowMs()));
  }

  /** Whether protection is wanted; kept. `only`: the one host that the backup may be put on now, or empty. */
  setProtected(wanted: boolean, only = ''): void {
    const { spec } = this;
    if (wanted !== spec.protected) {
      this.process.describe({ ...spec, protected: wanted, version: spec.version + 1 });
    }
    this.want(only);
  }

  /** An operation deals with the backup itself, or no more. */
  suspendProtection(suspended: boolean): void {
    this.carryOut(
      this.protector.handle({ type: 'suspended', suspended }, this.house.clock.nowMs()),
    );
  }

  /** A machine that is lost is not to be started again by itself. */
  giveUp(): void {
    if (this.replica === null && this.kept.state === 'lost') {
      this.keep({ ...this.kept, state: 'stopped' });
    }
  }

  /** Another replica of it is being started on this host, which has its record now. */
  setAside(aside: boolean): void {
    this.aside = aside;
  }

  /** Ends the replica, not the guest; resolves when its process is gone, and nothing is kept of it. */
  async leave(why: string): Promise<void> {
    this.leaving = true;
    await this.replica?.leave(why);
    this.forget();
  }

  /** The same, without asking it: another replica is the machine, and this one can only find that out. */
  async end(): Promise<void> {
    this.leaving = true;
    await this.replica?.end();
    this.forget();
  }

  /** Nothing is kept of it any more. Only where no process of it runs. */
  forget(): void {
    if (this.dropped) return;
    this.dropped = true;
    this.replica = null;
    this.house.store.remove(this.name);
    LocalReplica.discardEnd(this.house, this.record);
    this.house.forgotten(this);
    this.wake();
  }

  /** The daemon ends. */
  letGo(): void {
    this.dropped = true;
    this.replica?.letGo();
    this.wake();
  }

  /** Resolves with whether `reached` became true within the time; looked at with each change, and often besides. */
  async until(reached: () => boolean, withinMs: number): Promise<boolean> {
    const untilMs = this.house.clock.nowMs() + withinMs;
    while (!reached()) {
      if (this.house.clock.nowMs() >= untilMs) return false;
      await new Promise<void>((resolve) => {
        const done = (): void => {
          cancel();
          this.waiting.delete(done);
          resolve();
        };
        const cancel = this.house.clock.after(lookMs, done);
        this.waiting.add(done);
      });
    }
    return true;
  }

  private take(replica: LocalReplica): void {
    this.replica = replica;
    this.kept = replica.record;
    this.note = '';
    replica.listen({
      changed: () => {
        this.changed();
      },
      event: (event) => {
        if (!this.dropped) this.event(event);
      },
      ended: (end, words) => {
        if (this.replica === replica) this.conclude(end, words);
      },
    });
    this.want('');
    this.changed();
  }

  private want(only: string): void {
    const { protected: wanted } = this.spec;
    this.carryOut(
      this.protector.handle({ type: 'wanted', wanted, only }, this.house.clock.nowMs()),
    );
  }

  private changed(): void {
    if (this.dropped) return;
    const role = this.replica?.view.role ?? 'none';
    this.carryOut(
      this.protector.handle(
        { type: 'role', role: isLive(role) ? role : 'none' },
        this.house.clock.nowMs(),
      ),
    );
    this.wake();
  }

  private event(event: ReplicaEvent): void {
    this.house.log.info({ machine: this.name, event: event.type }, 'replica');
    if (event.type === 'join-failed' && this.live) {
      const why = this.replica?.view.trouble ?? '';
      this.joinFailure = why;
      this.carryOut(this.protector.handle({ type: 'join-failed', why }, this.house.clock.nowMs()));
    }
    this.wake();
  }

  private wake(): void {
    for (const done of [...this.waiting]) done();
  }

  private carryOut(actions: readonly ProtectorAction[]): void {
    if (this.protector.phase !== 'joining') this.watched = null;
    for (const action of actions) {
      switch (action.do) {
        case 'look':
          void this.findHosts(action.round, action.only);
          break;
        case 'ask':
          void this.askHost(action.round, action.host);
          break;
        case 'watch':
          this.watched = { host: action.host, missing: 0 };
          break;
        case 'tell':
          this.house.log.info({ machine: this.name, ...action.what }, 'protection');
          this.onProtection?.(action.what);
          break;
      }
    }
  }

  private async findHosts(round: number, only: string): Promise<void> {
    const hosts = await this.house.peers.describeThoseThere();
    const { spec } = this;
    const primary = this.house.self();
    const placement = placeBackup({ spec, primary, hosts, only });
    this.carryOut(
      this.protector.handle({ type: 'candidates', round, ...placement }, this.house.clock.nowMs()),
    );
  }

  private async askHost(round: number, host: string): Promise<void> {
    const why = await this.startBackupAt(host).then(
      () => null,
      (thrown: unknown) => asVmftError(thrown).message,
    );
    this.carryOut(
      this.protector.handle({ type: 'asked', round, host, why }, this.house.clock.nowMs()),
    );
  }

  /** Resolves when a backup runs there; rejects with what the host says. */
  async startBackupAt(host: string): Promise<void> {
    const { replica, spec, generation } = this;
    const status = replica?.status ?? null;
    if (status === null || status.listening === '') {
      throw new VmftError(
        'not-protected',
        `machine ${spec.name} takes no backup: it was started without an arbiter`,
        'name one in the daemon’s file, or with the machine',
      );
    }
    await this.house.peers.startBackup(host, {
      spec,
      primary: status.listening,
      generation,
      askedBy: this.house.config.name,
    });
  }

  /** What its primary does not say: that the backup's process, or its host, is gone. */
  private async lookAtBackup(watched: { readonly host: string; missing: number }): Promise<void> {
    const peer = this.house.config.peers.find(({ name }) => name === watched.host);
    if (peer === undefined) return;
    this.watching = true;
    const answer = await this.house.peers.describe(peer);
    this.watching = false;
    if (this.watched !== watched) return;
    const isThere = answer.replicas.some(
      ({ spec, role }) =>
        spec?.machineId === this.spec.machineId && ['starting', 'joining', 'backup'].includes(role),
    );
    watched.missing = isThere ? 0 : watched.missing + 1;
    // It may have ended because it is formed and lost again, or not be heard for a moment.
    if (watched.missing < (answer.unreachable === '' ? 2 : 10)) return;
    const why = answer.unreachable === '' ? 'ended while it joined' : 'does not answer any more';
    this.carryOut(this.protector.handle({ type: 'join-failed', why }, this.house.clock.nowMs()));
  }

  /** The process is gone. */
  private conclude(end: ReplicaEnd | null, words: string): void {
    if (this.leaving) {
      this.forget();
      return;
    }
    const record = this.record;
    const ending = endingOf(end, isLive(record.role), record.spec);
    const { kind, text } = ending;
    this.house.log.info({ machine: this.name, ending: kind, text, words }, 'replica ended');
    this.replica = null;
    this.kept = record;
    this.settle(ending);
    LocalReplica.discardEnd(this.house, record);
    this.changed();
  }

  private settle({ kind, text }: Ending): void {
    switch (kind) {
      case 'stopped':
        this.keep({ ...this.kept, state: 'stopped', end: text });
        return;
      case 'gone':
        this.forget();
        return;
      case 'start-again':
      case 'lost': {
        const { clock } = this.house;
        const ranMs = clock.realtimeMs() - this.kept.sinceRealtimeMs;
        const restarts = ranMs > hostTimes.steadyMs ? 0 : this.kept.restarts + 1;
        this.keep({ ...this.kept, state: 'lost', end: text, restarts });
        this.recoverDelayMs = 0;
        this.startsAtMs = clock.nowMs() + restartDelayMs(restarts);
        void (kind === 'lost' ? this.recover() : this.startAgain(false));
        return;
      }
    }
  }

  private get mayRecover(): boolean {
    const isFree = !this.dropped && !this.aside && !this.starting;
    return this.kept.state === 'lost' && this.replica === null && isFree;
  }

  private async recover(): Promise<void> {
    if (this.recovering || !this.mayRecover) return;
    this.recovering = true;
    try {
      const others = await this.house.peers.describeAll();
      const lastLive = await this.house.lastLive(this.spec);
      if (!this.mayRecover) return;
      const recovery = decideRecovery({ record: this.kept, others, lastLive });
      switch (recovery.do) {
        case 'forget':
          this.house.log.info({ machine: this.name, because: recovery.because }, 'forgotten');
          this.forget();
          return;
        case 'wait':
          this.note = recovery.because;
          this.later();
          return;
        case 'start':
          await this.startAgain(true);
          return;
      }
    } finally {
      this.recovering = false;
      this.wake();
    }
  }

  /** From its disks, under a new id: the old one's generations are over. */
  private async startAgain(afterCrash: boolean): Promise<void> {
    const { clock, random, intakes } = this.house;
    const { spec, restarts } = this.kept;
    const waitMs = this.startsAtMs - clock.nowMs();
    if (waitMs > 0) {
      this.note = `it ended ${restarts} times soon after its start, and is started again in ${Math.ceil(waitMs / 1000)} s`;
      this.recoverAtMs = this.startsAtMs;
      return;
    }
    const operation = { what: 'start after its end', askedBy: '' };
    const fresh = { ...spec, machineId: random.uniqueName(), version: spec.version + 1 };
    const record = this.kept;
    this.starting = true;
    try {
      await intakes.during(this.name, operation, async () => {
        if (afterCrash) await this.house.releaseDisks(spec);
        this.take(await LocalReplica.startPrimary(this.house, fresh, '', restarts));
      });
    } catch (thrown) {
      // A start that failed has left its own record.
      if (!this.dropped && !this.aside) this.keep(record);
      this.note = `it could not be started again: ${asVmftError(thrown).message}`;
      this.later();
    } finally {
      this.starting = false;
    }
  }

  private later(): void {
    this.recoverDelayMs = Math.min(recoverDelayMaxMs, Math.max(1_000, this.recoverDelayMs * 2));
    this.recoverAtMs = this.house.clock.nowMs() + this.recoverDelayMs;
  }

  private keep(record: MachineRecord): void {
    this.kept = record;
    this.house.store.save(record);
  }

  private trouble(): string {
    if (this.replica?.isSilent === true) return 'its process does not answer';
    if (this.replica !== null) return this.replica.view.trouble;
    return [this.kept.end, this.kept.state === 'lost' ? this.note : '']
      .filter((part) => part !== '')
      .join('; ');
  }
}

/** A machine that ends soon after each start is started less and less often. */
function restartDelayMs(restarts: number): number {
  return restarts < 2
    ? 0
    : Math.min(hostTimes.retryMaxMs, hostTimes.retryMinMs * 2 ** (restarts - 2));
}

const lookMs = 200;
const recoverDelayMaxMs = 5_000;
