import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

import type { Clock } from '../../base/clock.js';
import { asVmftError, isErrorCode, VmftError } from '../../base/errors.js';
import { hostTimes, limits } from '../../base/limits.js';
import type { Logger } from '../../base/logger.js';
import type { Random } from '../../base/random.js';
import type { HostConfig } from '../config.js';
import type { MachineRecord } from '../machine/machine-record.js';
import type { MachineSpec } from '../machine/machine-spec.js';
import type { RecordStore } from '../machine/record-store.js';
import { readEndFile } from './end-file.js';
import { lastWords, type ReplicaProcesses } from './replica-process.js';
import type { OpenReplica, ReplicaEvent, ReplicaPort, ReplicaStatus } from './replica-port.js';
import { viewAfter, viewOfStatus, type ReplicaEnd, type ReplicaView } from './replica-view.js';
import { backupWords, primaryWords } from './replica-words.js';
import type { Taps } from './tap.js';

/** What a host has for its replicas. */
export interface ReplicaHouse {
  readonly config: HostConfig;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly store: RecordStore;
  readonly processes: ReplicaProcesses;
  readonly taps: Taps;
  readonly openReplica: OpenReplica;
}

export interface ReplicaListener {
  /** The view or the status is another. */
  changed(): void;
  event(event: ReplicaEvent): void;
  /** Once; its tap and files are gone. `end` null: it said nothing. `words`: the last line of its log. */
  ended(end: ReplicaEnd | null, words: string): void;
}

/**
 * One replica's process on this host: started, or found again after the daemon was away; watched by its control socket; and
 * cleaned up behind when it is gone. What it is, is kept on disk with each change.
 */
export class LocalReplica {
  private port: ReplicaPort | null = null;
  private seen: ReplicaView;
  private said: ReplicaStatus | null = null;
  private listener: ReplicaListener | null = null;
  private changes = 0;
  private heardMs: number;
  private polling = false;
  private over = false;
  private stopPolling: () => void = () => undefined;

  private constructor(
    private readonly house: ReplicaHouse,
    private current: MachineRecord,
  ) {
    this.heardMs = house.clock.nowMs();
    const { role, generation, replicaId, sinceRealtimeMs } = current;
    this.seen = { role, generation, replicaId, sinceRealtimeMs, trouble: '', end: null };
  }

  /**
   * Starts a machine; resolves when its guest runs. `restore`: a snapshot's file, or empty. Rejects with what its process says
   * (any code), `tap-unavailable`, `replica-failed`, and then nothing is left of it but its log.
   */
  static startPrimary(
    house: ReplicaHouse,
    spec: MachineSpec,
    restore: string,
    restarts: number,
  ): Promise<LocalReplica> {
    const record = newRecord(house, spec, 'primary', restarts);
    const replica = new LocalReplica(house, record);
    return replica.start(() => primaryWords(spec, replica.place(), restore));
  }

  /** Starts a backup that joins `primary`; resolves when it answers. Rejects as {@link startPrimary}. */
  static startBackup(
    house: ReplicaHouse,
    spec: MachineSpec,
    primary: string,
  ): Promise<LocalReplica> {
    const replica = new LocalReplica(house, newRecord(house, spec, 'backup', 0));
    return replica.start(() => backupWords(spec, replica.place(), primary));
  }

  /** Of a record that was kept: a running process, or null when it is gone (then its tap and files are too). */
  static async adopt(house: ReplicaHouse, record: MachineRecord): Promise<LocalReplica | null> {
    const replica = new LocalReplica(house, record);
    const processId = house.processes.find(replica.files.socket, record.processId);
    if (processId === null) {
      await replica.cleanUp();
      return null;
    }
    replica.keep({ processId });
    replica.watch();
    return replica;
  }

  /** How the process of a record that could not be adopted ended, if it said so. */
  static endOf(house: ReplicaHouse, record: MachineRecord): ReplicaEnd | null {
    return readEndFile(new LocalReplica(house, record).files.end);
  }

  /** Once its end is in its record, or the record gone. */
  static discardEnd(house: ReplicaHouse, record: MachineRecord): void {
    rmSync(new LocalReplica(house, record).files.end, { force: true });
  }

  get record(): MachineRecord {
    return this.current;
  }

  get view(): ReplicaView {
    return this.seen;
  }

  /** As it last said; null before. */
  get status(): ReplicaStatus | null {
    return this.said;
  }

  /** Throws `replica-failed` when there is no process to talk to. */
  get control(): ReplicaPort {
    if (this.port !== null && !this.over) return this.port;
    throw new VmftError(
      'replica-failed',
      `the replica of ${this.current.spec.name} does not answer`,
    );
  }

  /** It runs and says nothing: stopped, or at a standstill. */
  get isSilent(): boolean {
    return this.house.clock.nowMs() - this.heardMs > silentAfterMs;
  }

  listen(listener: ReplicaListener): void {
    this.listener = listener;
  }

  /** Asks it now, instead of waiting for the next time. Rejects as the port does. */
  async look(): Promise<ReplicaStatus> {
    const before = this.changes;
    const status = await this.control.status();
    // What events have said meanwhile is newer.
    if (before === this.changes) this.take(viewOfStatus(this.seen, status, this.realtimeMs()));
    this.said = status;
    this.heardMs = this.house.clock.nowMs();
    return status;
  }

  /** The machine's description has changed. */
  describe(spec: MachineSpec): void {
    this.keep({ spec });
  }

  /** Ends it without ending the guest; resolves when its process is gone. */
  async leave(why: string): Promise<void> {
    try {
      await this.control.leave(why);
      if (await this.isGoneWithin(hostTimes.replicaLeaveMs)) return;
    } catch (error) {
      this.house.log.warn({ machine: this.name, error: asVmftError(error).message }, 'leave');
    }
    await this.end();
  }

  /** SIGKILL; resolves when its process is gone. */
  async end(): Promise<void> {
    this.kill();
    await this.isGoneWithin(hostTimes.replicaLeaveMs);
  }

  private kill(): void {
    const { processId } = this.current;
    if (processId !== null) this.house.processes.kill(processId, this.files.socket);
  }

  /** The daemon ends; the replica does not. */
  letGo(): void {
    this.over = true;
    this.listener = null;
    this.stopPolling();
    this.port?.close();
  }

  private get name(): string {
    return this.current.spec.name;
  }

  private get files(): { socket: string; log: string; end: string } {
    const { state } = this.house.config;
    const { token } = this.current;
    return {
      socket: join(state, 'run', `${token}.sock`),
      end: join(state, 'run', `${token}.end`),
      log: join(state, 'log', `${this.name}.${token}.log`),
    };
  }

  private place(): Parameters<typeof primaryWords>[1] {
    const { socket, end } = this.files;
    return { config: this.house.config, socket, endFile: end, tap: this.current.tap };
  }

  private async start(words: () => string[]): Promise<this> {
    const { house, files } = this;
    prepareFolders(house.config.state);
    pruneLogs(join(house.config.state, 'log'), this.name);
    // Before there is a tap or a process, so that neither is ever forgotten.
    house.store.save(this.current);
    let died: string | null = null;
    try {
      const command = words();
      if (this.current.tap !== null) await house.taps.make(this.current.tap);
      const processId = house.processes.start(command, files.log, (how) => {
        died = how;
        if (this.port !== null) void this.lookForProcess();
      });
      this.keep({ processId });
      await this.answers(() => died);
      return this;
    } catch (error) {
      this.kill();
      this.letGo();
      await this.cleanUp();
      throw error;
    }
  }

  /** Resolves when the replica answers, a primary's when its guest runs. */
  private async answers(died: () => string | null): Promise<void> {
    const untilMs = this.house.clock.nowMs() + hostTimes.replicaStartMs;
    for (;;) {
      const how = died();
      if (how !== null) throw startFailure(this.files.log, readEndFile(this.files.end), how);
      if (this.port === null && existsSync(this.files.socket)) this.watch();
      if (this.port !== null) {
        const role = await this.look().then(
          (status) => status.role,
          () => null,
        );
        if (role !== null && (this.current.startedAs === 'backup' || role !== 'none')) return;
      }
      if (this.house.clock.nowMs() >= untilMs) {
        throw new VmftError(
          'replica-failed',
          `the replica did not answer within ${hostTimes.replicaStartMs / 1000} s`,
          `look at ${this.files.log}`,
        );
      }
      await this.pause(hostTimes.replicaLookMs);
    }
  }

  /** Opens the control socket, and again whenever the connection is lost while the process lives. */
  private watch(): void {
    if (this.over) return;
    this.port?.close();
    const port = this.house.openReplica(this.files.socket);
    this.port = port;
    const since = this.realtimeMs();
    port.events(
      (event) => {
        this.takeEvent(event, since);
      },
      () => {
        if (this.port === port) void this.lookForProcess();
      },
    );
    this.stopPolling();
    this.stopPolling = this.house.clock.every(hostTimes.replicaStatusMs, () => void this.poll());
    void this.poll();
  }

  private async poll(): Promise<void> {
    if (this.polling) return;
    this.polling = true;
    await this.look().then(
      () => this.listener?.changed(),
      () => this.lookForProcess(true),
    );
    this.polling = false;
  }

  /** Of what was before, the status tells the outcome. */
  private takeEvent(event: ReplicaEvent, since: number): void {
    if (this.over || (event.realtimeMs < since && event.type !== 'ended')) return;
    this.take(viewAfter(this.seen, event));
    this.listener?.event(event);
  }

  private take(view: ReplicaView): void {
    const { seen } = this;
    if (this.over || JSON.stringify(view) === JSON.stringify(seen)) return;
    this.changes += 1;
    this.seen = view;
    this.listener?.changed();
    const { role, generation, replicaId, sinceRealtimeMs } = view;
    const isKept =
      role === seen.role && generation === seen.generation && replicaId === seen.replicaId;
    if (!isKept) this.keep({ role, generation, replicaId, sinceRealtimeMs });
  }

  /** The connection ended, or a call failed: the process may have ended with it. */
  private async lookForProcess(onlyIfGone = false): Promise<void> {
    const { processId } = this.current;
    // It may have closed its socket a moment before it ends.
    for (let tries = 0; tries < endLooks && !this.over; tries += 1) {
      if (this.house.processes.find(this.files.socket, processId) === null) {
        await this.finish();
        return;
      }
      if (onlyIfGone) return;
      await this.pause(endLookMs);
    }
    if (!this.over) this.watch();
  }

  private async finish(): Promise<void> {
    if (this.over) return;
    const { listener } = this;
    const end = this.seen.end ?? readEndFile(this.files.end);
    this.letGo();
    await this.cleanUp();
    listener?.ended(end, lastWords(this.files.log));
  }

  private async cleanUp(): Promise<void> {
    if (this.current.tap !== null) await this.house.taps.remove(this.current.tap);
    rmSync(this.files.socket, { force: true });
  }

  private keep(change: Partial<MachineRecord>): void {
    this.current = { ...this.current, ...change };
    this.house.store.save(this.current);
  }

  private async isGoneWithin(withinMs: number): Promise<boolean> {
    const untilMs = this.house.clock.nowMs() + withinMs;
    while (this.house.processes.find(this.files.socket, this.current.processId) !== null) {
      if (this.house.clock.nowMs() >= untilMs) return false;
      await this.pause(endLookMs);
    }
    await this.finish();
    return true;
  }

  private pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.house.clock.after(delayMs, resolve);
    });
  }

  private realtimeMs(): number {
    return this.house.clock.realtimeMs();
  }
}

function newRecord(
  { random, clock }: ReplicaHouse,
  spec: MachineSpec,
  startedAs: 'primary' | 'backup',
  restarts: number,
): MachineRecord {
  const token = random.bytes(4).toString('hex');
  return {
    version: 1,
    spec,
    state: 'running',
    token,
    startedAs,
    replicaId: '',
    role: 'starting',
    generation: 0,
    sinceRealtimeMs: clock.realtimeMs(),
    processId: null,
    tap: spec.mac === '' ? null : `vmft${token}`,
    end: '',
    restarts,
  };
}

/** What the process said before it ended, with its own code where it told one. */
function startFailure(logFile: string, end: ReplicaEnd | null, how: string): VmftError {
  const code = end?.reason;
  if (code !== undefined && !isErrorCode(code)) {
    return new VmftError('replica-failed', `the guest ended as soon as it ran: ${code}`);
  }
  // As report-error.ts puts them.
  const [what = '', advice = ''] = lastWords(logFile).split(' — ');
  return new VmftError(
    code ?? 'replica-failed',
    what === '' ? `its process ended (${how}): see ${logFile}` : what,
    advice,
  );
}

function prepareFolders(state: string): void {
  for (const folder of ['run', 'log']) {
    mkdirSync(join(state, folder), { recursive: true, mode: 0o700 });
  }
}

/** A machine that is started again and again must not fill the disk. */
function pruneLogs(folder: string, machine: string): void {
  const own = readdirSync(folder).filter((file) =>
    new RegExp(`^${machine}\\.[0-9a-f]{8}\\.log$`).test(file),
  );
  const byAge = own.map((file) => ({ file, ms: statSync(join(folder, file)).mtimeMs }));
  byAge.sort((a, b) => b.ms - a.ms);
  for (const { file } of byAge.slice(limits.replicaLogsMax - 1)) {
    rmSync(join(folder, file), { force: true });
  }
}

const silentAfterMs = 5_000;
const endLookMs = 20;
/** In all 0.4 s. */
const endLooks = 20;
