import { asVmftError, VmftError, type ErrorCode } from '../../base/errors.js';
import type { Clock } from '../../base/clock.js';
import type { PairSettings } from '../../base/limits.js';
import type {
  GuestConfig,
  LiveOptions,
  Machine,
  MachineEvents,
} from '../../flow/machine/machine.js';
import type { Heartbeat } from '../channel/messages.js';
import {
  failure,
  isGuestEnd,
  type PairEvent,
  type SessionEnd,
  type StampedPairEvent,
} from '../role/pair-event.js';
import { replicationObjection } from '../role/replication-choice.js';
import type { Action, LinkId, Role, RoleEvent } from '../role/role.js';
import { DiskWatch, diskWatchPeriodMs } from './disk-watch.js';
import { isCopyAction, MachineCopy } from './machine-copy.js';
import type {
  ArbiterPort,
  DiskPort,
  HeartbeatPort,
  LinkEvents,
  MachineFactory,
  PauseMachine,
  PeerLink,
} from './ports.js';

export interface ReplicaOptions {
  readonly replicaId: string;
  readonly clock: Clock;
  readonly settings: PairSettings;
  readonly arbiter: ArbiterPort;
  readonly heartbeats: HeartbeatPort;
  readonly disks: DiskPort;
  readonly createMachine: MachineFactory;
  readonly pauseMachine: PauseMachine;
  /** Turns Welcome's bytes into a configuration and back; null when they are not one. */
  readonly decodeConfig: (bytes: Buffer) => GuestConfig | null;
  readonly encodeConfig: (config: GuestConfig) => Buffer;
  readonly onEvent: (event: StampedPairEvent) => void;
  readonly onConsole: (bytes: Buffer) => void;
  /** Called once, after the machine is stopped and the links are told. */
  readonly onEnd: (end: SessionEnd) => void;
}

/**
 * One replica: gives its role every event in order, one at a time, and carries out the actions. All
 * decisions are the role's; all I/O is the ports'. Events raised while actions are carried out (a frame fed,
 * a segment recorded at once) wait until these are done.
 */
export class Replica {
  readonly linkEvents: LinkEvents;
  readonly machineEvents: MachineEvents;
  private currentRole: Role | null = null;
  private currentMachine: Machine | null = null;
  private machineName = '';
  private readonly links = new Map<LinkId, PeerLink>();
  private readonly queue: RoleEvent[] = [];
  private draining = false;
  private ended: SessionEnd | null = null;
  /** Left the machine and not shown yet: this process stood still in between. */
  private readonly heldConsole: Buffer[] = [];
  private readonly copy: MachineCopy;
  /** A pause that was asked for and has not come; `goOn`: it is not wanted any more. */
  private pausing: { goOn: LiveOptions | null } | null = null;
  /** Of a hand-over that was asked for. */
  private handedOver: ((error: VmftError | null) => void) | null = null;
  private nextTick: { readonly dueMs: number; readonly cancel: () => void } | null = null;
  /** Heartbeats go on without the role. */
  private resting = false;
  private readonly diskWatch = new DiskWatch();
  private readonly cancels: (() => void)[] = [];
  private readonly startMs: number;

  constructor(private readonly options: ReplicaOptions) {
    this.startMs = options.clock.nowMs();
    this.copy = new MachineCopy(options.disks, options.clock, options.settings, (event) => {
      this.dispatch(event);
    });
    this.linkEvents = {
      message: (link, message) => {
        this.links.set(link.id, link);
        this.dispatch({ type: 'message', link: link.id, message });
      },
      closed: (link, clean, error) => {
        if (!this.links.delete(link.id)) return;
        this.dispatch({ type: 'link-closed', link: link.id, clean, error });
      },
    };
    this.machineEvents = {
      segment: (segment) => {
        this.dispatch({ type: 'segment', segment });
      },
      console: (bytes) => {
        this.heldConsole.push(bytes);
        this.wakeRole();
        this.showConsole();
      },
      executed: (progress) => {
        this.dispatch({ type: 'executed', progress });
      },
      live: (position) => {
        this.dispatch({ type: 'live', position });
      },
      stopped: (stopped) => {
        this.dispatch({ type: 'stopped', stopped });
      },
    };
  }

  get role(): Role | null {
    return this.currentRole;
  }

  get machine(): Machine | null {
    return this.currentMachine;
  }

  get machineId(): string {
    return this.machineName;
  }

  get end(): SessionEnd | null {
    return this.ended;
  }

  /** A machine that is live already: this replica is its first, and alone. */
  adopt(machine: Machine, machineId: string): void {
    this.currentMachine = machine;
    this.machineName = machineId;
  }

  /** A link that this replica opened itself. */
  addLink(link: PeerLink): void {
    this.links.set(link.id, link);
  }

  /** Takes the first role and starts the timers. */
  begin(role: Role): void {
    const { clock } = this.options;
    this.cancels.push(
      () => this.nextTick?.cancel(),
      () => this.options.heartbeats.rise(),
      clock.every(diskWatchPeriodMs, () => {
        this.watchDisks();
      }),
    );
    this.draining = true;
    try {
      this.become(role);
    } catch (thrown) {
      this.finish(failure(asVmftError(thrown)));
    }
    this.drain();
  }

  /** One that came `ageMs` ago. */
  heartbeat(heartbeat: Heartbeat, ageMs = 0): void {
    if (heartbeat.machineId !== this.machineName) return;
    const { generation, counter, echo } = heartbeat;
    this.dispatch({ type: 'heartbeat', generation, counter, echo, ageMs });
  }

  /** When the role wants it, which may change with each event. A timer that is early is left to come; who rests has none. */
  private setNextTick(): void {
    const { clock } = this.options;
    if (this.ended !== null || this.currentRole === null) return;
    const nowMs = clock.nowMs();
    if (this.rest(this.currentRole, nowMs)) return;
    const dueMs = nowMs + this.currentRole.tickAfterMs(nowMs);
    if (this.nextTick !== null && this.nextTick.dueMs <= dueMs + 1) return;
    this.nextTick?.cancel();
    const cancel = clock.after(dueMs - nowMs, () => {
      this.look();
    });
    this.nextTick = { dueMs, cancel };
  }

  /** What has come is heard before its sender's silence is counted. The tick after this one is behind both. */
  private look(): void {
    this.options.heartbeats.deliver();
    this.nextTick = null;
    this.dispatch({ type: 'tick' });
  }

  /** Console bytes that wait for permission are looked at with each heartbeat. */
  private rest(role: Role, nowMs: number): boolean {
    if (this.resting) return true;
    const rest = this.heldConsole.length > 0 ? null : role.rest(nowMs);
    if (rest === null) return false;
    this.resting = this.options.heartbeats.rest(rest, this.machineName, () => {
      this.rise();
      this.look();
    });
    if (!this.resting) return false;
    this.nextTick?.cancel();
    this.nextTick = null;
    return true;
  }

  /** Before anything else the role is told what went on while it rested. It has no timer until the queue is drained. */
  private rise(): void {
    if (!this.resting) return;
    this.resting = false;
    const beats = this.options.heartbeats.rise();
    if (beats.length > 0) this.queue.push({ type: 'rested', beats });
  }

  /**
   * The machine goes to the backup, and this replica ends. Rejects with `wrong-mode` when this is not the primary of a
   * pair, and with another error when the backup did not take it: this replica has it still, or has ended.
   */
  handOver(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.handedOver !== null || this.ended !== null) {
        const why = this.ended === null ? 'a hand-over is under way' : 'this replica has ended';
        reject(new VmftError('wrong-mode', why));
        return;
      }
      this.handedOver = (error) => {
        this.handedOver = null;
        if (error === null) resolve();
        else reject(error);
      };
      this.dispatch({ type: 'hand-over' });
    });
  }

  emit(event: PairEvent): void {
    const { clock } = this.options;
    const atMs = clock.nowMs() - this.startMs;
    this.options.onEvent({ ...event, atMs, realtimeMs: clock.realtimeMs() });
  }

  /** Ends the session from outside; the peer is told that this side stops. */
  stop(code: ErrorCode, message: string, whatToDo = ''): void {
    this.finish(failure(new VmftError(code, message, whatToDo)));
  }

  dispatch(event: RoleEvent): void {
    if (this.ended !== null) return;
    this.rise();
    this.queue.push(event);
    if (!this.draining) this.drain();
  }

  /** What it says of itself is then as of now. */
  private wakeRole(): void {
    if (!this.resting || this.ended !== null) return;
    this.rise();
    this.drain();
  }

  private drain(): void {
    this.draining = true;
    try {
      for (let at = 0; at < this.queue.length && this.ended === null; at += 1) {
        const event = this.queue[at];
        const role = this.currentRole;
        if (event === undefined || role === null) continue;
        this.performAll(role.handle(event, this.options.clock.nowMs()));
      }
    } catch (thrown) {
      this.finish(failure(asVmftError(thrown)));
    } finally {
      this.queue.length = 0;
      this.draining = false;
      this.setNextTick();
    }
  }

  private performAll(actions: readonly Action[]): void {
    for (const action of actions) {
      if (this.ended !== null) return;
      this.perform(action);
    }
    if (this.heldConsole.length > 0) this.showConsole();
  }

  private become(role: Role): void {
    this.currentRole = role;
    this.performAll(role.start(this.options.clock.nowMs()));
  }

  private requireMachine(): Machine {
    if (this.currentMachine === null)
      throw new VmftError('internal', 'bug: there is no machine yet');
    return this.currentMachine;
  }

  private perform(action: Action): void {
    if (isCopyAction(action)) {
      const link = 'link' in action ? this.links.get(action.link) : undefined;
      this.unlessStopped(this.requireMachine(), (machine) => {
        this.copy.perform(action, machine, link);
      });
      return;
    }
    switch (action.do) {
      case 'send':
        this.links.get(action.link)?.send(action.message);
        return;
      case 'close-link': {
        const link = this.links.get(action.link);
        this.links.delete(action.link);
        link?.close(action.error);
        return;
      }
      case 'send-heartbeat':
        this.options.heartbeats.send({
          machineId: this.machineName,
          generation: action.generation,
          counter: action.counter,
          echo: action.echo,
        });
        return;
      case 'form':
      case 'verify-formation':
      case 'test-and-set':
        this.arbitrate(action);
        return;
      case 'feed':
        this.feed(action.frame);
        return;
      case 'send-welcome':
        this.sendWelcome(action);
        return;
      case 'prepare':
        this.prepare(action);
        return;
      case 'become':
        this.copy.stopSending();
        this.become(action.role);
        return;
      case 'emit':
        this.emit(action.event);
        return;
      case 'hand-over-failed':
        this.handedOver?.(action.error);
        return;
      case 'end':
        this.finish(action.end);
        return;
      default:
        this.unlessStopped(this.requireMachine(), (machine) => {
          this.performOnMachine(action, machine);
        });
    }
  }

  /**
   * The vCPU runs on its own thread: a machine may have ended although its `stopped` has not been
   * delivered yet. What it refuses for that reason is settled when the event comes.
   */
  private unlessStopped(machine: Machine, run: (machine: Machine) => void): void {
    try {
      run(machine);
    } catch (thrown) {
      const { code } = asVmftError(thrown);
      if (code !== 'wrong-mode' || machine.status().mode !== 'stopped') throw thrown;
    }
  }

  private performOnMachine(action: MachineAction, machine: Machine): void {
    switch (action.do) {
      case 'pause':
        this.pause(machine);
        return;
      case 'resume':
        if (this.pausing === null) machine.resume(action.options);
        else this.pausing.goOn = action.options;
        return;
      case 'reconfigure':
        if (this.pausing === null) machine.reconfigure(action.options);
        else this.pausing.goOn = action.options;
        return;
      case 'go-live':
        machine.goLive(action.options);
        return;
      case 'start-replica':
        machine.startReplica({ generation: action.generation, replication: action.replication });
        return;
      case 'acknowledge':
        machine.acknowledge(action.sequence);
        return;
      case 'release-outputs':
        machine.releaseOutputs(action.through ?? machine.status().outputsProduced, action.untilMs);
        if (action.tell === true) {
          this.dispatch({ type: 'outputs-left', through: machine.status().outputsReleased });
        }
        return;
      case 'set-speed-limit':
        machine.setSpeedLimit(action.share);
        return;
      case 'announce':
        this.announce(machine, action.afterMs);
        return;
      case 'disk-reads-done':
        machine.diskReadsDone(action.count);
        return;
    }
  }

  /** A machine cannot be told to go on while it is on its way to a pause: it is when it has come there. */
  private pause(machine: Machine): void {
    const pausing: NonNullable<typeof this.pausing> = { goOn: null };
    this.pausing = pausing;
    this.options.pauseMachine(machine, () => {
      this.pausing = null;
      if (this.ended !== null) return;
      const { goOn } = pausing;
      if (goOn === null) {
        this.dispatch({ type: 'paused', outputsProduced: machine.status().outputsProduced });
        return;
      }
      this.unlessStopped(machine, () => {
        machine.resume(goOn);
      });
    });
  }

  private announce(machine: Machine, afterMs: number): void {
    const say = (): void => {
      this.wakeRole();
      if (this.ended === null && this.mayShow()) machine.announce();
    };
    if (afterMs === 0) say();
    else this.cancels.push(this.options.clock.after(afterMs, say));
  }

  private mayShow(): boolean {
    return this.options.clock.nowMs() <= (this.currentRole?.showsUntilMs ?? Infinity);
  }

  /** A guest that has ended has nobody who shows its last words but this replica; one that runs may, elsewhere. */
  private showConsole(): void {
    const over = this.ended !== null && isGuestEnd(this.ended.reason);
    if (!over && !this.mayShow()) return;
    for (const bytes of this.heldConsole.splice(0)) this.options.onConsole(bytes);
  }

  private feed(frame: Buffer): void {
    try {
      this.unlessStopped(this.requireMachine(), (machine) => {
        const fed = machine.feed(frame);
        this.dispatch({ type: 'fed', fed });
      });
    } catch (thrown) {
      const error = asVmftError(thrown);
      if (error.code === 'internal') throw error;
      this.dispatch({ type: 'feed-refused', error });
    }
  }

  private prepare(action: Extract<Action, { do: 'prepare' }>): void {
    const { machineConfig, machineId, heartbeatPort } = action.welcome;
    const config = this.options.decodeConfig(machineConfig);
    if (config === null)
      throw new VmftError('message-malformed', 'the primary’s machine configuration is malformed');
    this.machineName = machineId;
    this.options.heartbeats.towards(heartbeatPort);
    const { replicaId } = this.options;
    const primary = { machineId, replicaId: action.welcome.replicaId };
    this.options.disks.prepare(config, { machineId, replicaId }, primary, (error) => {
      if (this.ended !== null) return;
      if (error === null) this.makeMachine(config);
      else this.dispatch({ type: 'machine-refused', error });
    });
  }

  private makeMachine(config: GuestConfig): void {
    try {
      this.currentMachine = this.options.createMachine(config, this.machineEvents);
    } catch (thrown) {
      const error = asVmftError(thrown);
      if (error.code === 'internal') this.finish(failure(error));
      else this.dispatch({ type: 'machine-refused', error });
      return;
    }
    this.copy.receive(this.currentMachine);
    this.dispatch({ type: 'machine-made' });
  }

  private sendWelcome(action: Extract<Action, { do: 'send-welcome' }>): void {
    const { link, generation, replication } = action;
    this.links.get(link)?.send({
      kind: 'welcome',
      generation,
      machineId: this.machineName,
      replicaId: this.options.replicaId,
      machineConfig: this.options.encodeConfig(this.requireMachine().config),
      heartbeatPort: this.options.heartbeats.port,
      arbiterUrl: this.options.arbiter.url,
      replication,
    });
  }

  private watchDisks(): void {
    const machine = this.currentMachine;
    if (machine === null || this.ended !== null) return;
    const events = this.diskWatch.look(machine, this.options.clock.nowMs());
    for (const event of events) this.emit(event);
  }

  private arbitrate(action: ArbiterAction): void {
    const { arbiter } = this.options;
    const { generation } = action;
    if (action.do === 'test-and-set') {
      arbiter.testAndSet(this.machineName, generation, (result) => {
        this.dispatch({ type: 'arbitration', generation, result });
      });
      return;
    }
    const done = (error: VmftError | null): void => {
      this.dispatch({ type: 'formation', generation, error });
    };
    if (action.do === 'form') {
      const { disks } = this.requireMachine().config;
      const objection = replicationObjection(action.replication, disks);
      if (objection === null) arbiter.form(this.machineName, generation, done);
      else done(objection);
    } else arbiter.verifyFormation(action.machineId, generation, done);
  }

  private finish(end: SessionEnd): void {
    if (this.ended !== null) return;
    this.ended = end;
    for (const cancel of this.cancels) cancel();
    this.copy.stop();
    this.currentMachine?.stop();
    this.handedOver?.(end.reason === 'handed-over' ? null : lostInHandOver(end));
    const goodbye = new VmftError('peer-lost', `the other side ended: ${end.message}`);
    for (const link of this.links.values()) link.close(goodbye);
    this.links.clear();
    this.emit({ type: 'ended', end });
    this.options.onEnd(end);
  }
}

function lostInHandOver(end: SessionEnd): VmftError {
  return new VmftError('peer-lost', `this replica ended during the hand-over: ${end.message}`);
}

type ArbiterAction = Extract<Action, { do: 'form' | 'verify-formation' | 'test-and-set' }>;

type MachineAction = Extract<
  Action,
  {
    do:
      | 'pause'
      | 'resume'
      | 'reconfigure'
      | 'go-live'
      | 'start-replica'
      | 'acknowledge'
      | 'release-outputs'
      | 'set-speed-limit'
      | 'announce'
      | 'disk-reads-done';
  }
>;
