import type { Heartbeat } from '../../src/pair/channel/messages.js';
import type { Clock } from '../../src/base/clock.js';
import type { PairSettings } from '../../src/base/limits.js';
import type {
  GuestConfig,
  LiveOptions,
  Machine,
  MachineEvents,
} from '../../src/flow/machine/machine.js';
import { AloneRole, aloneOptions } from '../../src/pair/role/alone.js';
import { BackupRole } from '../../src/pair/role/backup.js';
import type { SessionEnd, StampedPairEvent } from '../../src/pair/role/pair-event.js';
import { noDisks } from '../../src/pair/session/absent-ports.js';
import { Replica } from '../../src/pair/session/replica.js';
import type { FakeHooks } from '../flow/machine/fake-hooks.js';
import { FakeMachine } from '../flow/machine/fake-machine.js';
import type { Observer } from './observer.js';
import type { PlantedFault } from './planted-fault.js';
import type { SeededRandom } from './seeded-random.js';
import type { SimDisk } from './sim-disk.js';
import { SimHeartbeats } from './sim-heartbeats.js';
import type { SimNetwork } from './sim-network.js';
import type { SimStorage } from './sim-storage.js';
import type { Timeline } from './timeline.js';

export interface SimParts {
  readonly timeline: Timeline;
  readonly random: SeededRandom;
  readonly network: SimNetwork;
  readonly storage: SimStorage;
  readonly observer: Observer;
  /** The guest's; null: it has none. */
  readonly disk: SimDisk | null;
  readonly settings: PairSettings;
  readonly planted: PlantedFault | null;
  /** Where a host's heartbeats go: the host it was paired with last. */
  peerOf(host: SimHost): SimHost | null;
}

/** A replica's process: it can be killed at any of its actions, stopped and continued. */
export class SimHost {
  readonly replica: Replica;
  readonly events: StampedPairEvent[] = [];
  machine: FakeMachine | null = null;
  readonly heartbeats: SimHeartbeats;
  dead = false;
  end: SessionEnd | null = null;
  /** Dies at its so-many-th action from now. */
  actionsLeft = Infinity;
  onDeath: () => void = () => undefined;
  /** Stops before its so-many-th step from now, in the midst of whatever it does, for so long. */
  freeze: { stepsLeft: number; readonly forMs: number } | null = null;
  private frozen = false;
  private pausedUntilMs = 0;
  private readonly backlog: (() => void)[] = [];
  private readonly stepMs: number;
  private readonly replays: boolean;

  constructor(
    readonly name: string,
    private readonly parts: SimParts,
  ) {
    this.stepMs = parts.random.between(4, 14);
    this.replays = parts.random.chance(0.6);
    const { storage, settings } = parts;
    this.heartbeats = this.heartbeatPort();
    this.replica = new Replica({
      replicaId: name,
      clock: this.clock(),
      settings,
      arbiter: {
        url: 'sim:',
        form: (_machine, generation, done) => {
          if (this.act()) storage.form(name, Number(generation), this.guarded(done));
        },
        verifyFormation: (_machine, generation, done) => {
          if (this.act()) storage.verify(name, Number(generation), this.guarded(done));
        },
        testAndSet: (_machine, generation, done) => {
          if (!this.act()) return;
          if (parts.planted === 'no arbitration') done({ kind: 'won' });
          else storage.testAndSet(name, Number(generation), this.guarded(done));
        },
      },
      heartbeats: this.heartbeats,
      disks: noDisks,
      createMachine: (config, events) => this.createMachine(config, events),
      pauseMachine: (machine, paused) => {
        (machine as FakeMachine).pauseNow();
        this.parts.timeline.after(1, () => {
          this.deliver(paused);
        });
      },
      encodeConfig: () => Buffer.from('config'),
      decodeConfig: () => simGuest,
      onEvent: (event) => {
        this.events.push(event);
        parts.observer.event(this, event);
      },
      onConsole: () => undefined,
      onEnd: (end) => {
        this.end = end;
      },
    });
  }

  get alive(): boolean {
    return !this.dead && this.end === null;
  }

  /** Its machine is being copied to another host: the one thing that waits for promises. */
  get copying(): boolean {
    const { role } = this.replica;
    return role !== null && role.name === 'alone' && copyingPhases.has(role.phase);
  }

  boot(): void {
    const machine = this.createMachine(simGuest, this.replica.machineEvents);
    this.replica.adopt(machine, 'sim');
    this.replica.begin(new AloneRole(0n, this.identity(), this.parts.settings));
    machine.startLive(aloneOptions(0n, this.parts.settings));
  }

  join(primary: SimHost): void {
    const { settings, network, timeline } = this.parts;
    const link = network.connect(this, primary);
    this.replica.addLink(link);
    const options = { link: link.id, identity: this.identity(), memoryBytesMax: 0n, settings };
    this.replica.begin(new BackupRole(options, timeline.nowMs));
  }

  /** Counts an action with an effect outside; false once the process is dead. */
  act(): boolean {
    this.perhapsFreeze();
    return this.countAction();
  }

  private countAction(): boolean {
    if (this.dead) return false;
    this.actionsLeft -= 1;
    if (this.actionsLeft > 0) return true;
    this.die();
    return false;
  }

  /** SIGSTOP between any two steps: everything else goes on, and then this process does, from here. */
  private perhapsFreeze(): void {
    if (this.freeze === null) return;
    this.freeze.stepsLeft -= 1;
    if (this.freeze.stepsLeft > 0) return;
    const { forMs } = this.freeze;
    this.freeze = null;
    const { timeline } = this.parts;
    this.frozen = true;
    timeline.runWithin(timeline.nowMs + forMs);
    this.frozen = false;
    // What came meanwhile waits until this process is done with what it was at.
    timeline.at(timeline.nowMs, () => {
      this.runBacklog();
    });
  }

  /** The host's clock as this process reads it: it may be stopped just before. */
  private readClock(): number {
    this.perhapsFreeze();
    return this.parts.timeline.nowMs;
  }

  /** Into its socket, where it lies until the process looks: also while it is stopped. */
  heartbeatCame(heartbeat: Heartbeat): void {
    if (!this.dead) this.heartbeats.arrive(heartbeat, this.parts.timeline.nowMs);
  }

  private heartbeatPort(): SimHeartbeats {
    const { network, timeline } = this.parts;
    return new SimHeartbeats({
      nowMs: () => this.readClock(),
      act: () => this.act(),
      after: (delayMs, run) => {
        timeline.after(delayMs, () => {
          this.deliver(run);
        });
      },
      send: (heartbeat) => {
        const peer = this.parts.peerOf(this);
        if (peer !== null) network.sendHeartbeat(this, peer, heartbeat);
      },
      heard: (heartbeat, ageMs) => {
        this.replica.heartbeat(heartbeat, ageMs);
      },
    });
  }

  /** What becomes of it is seen from outside. */
  handOver(): void {
    this.deliver(() => {
      this.replica.handOver().catch(() => undefined);
    });
  }

  die(): void {
    if (this.dead) return;
    this.dead = true;
    this.onDeath();
  }

  /** SIGSTOP for a while: nothing runs, everything that comes waits. */
  pause(forMs: number): void {
    this.pausedUntilMs = this.parts.timeline.nowMs + forMs;
    this.parts.timeline.at(this.pausedUntilMs, () => {
      if (this.parts.timeline.nowMs >= this.pausedUntilMs) this.runBacklog();
    });
  }

  private runBacklog(): void {
    while (!this.frozen && this.parts.timeline.nowMs >= this.pausedUntilMs) {
      const run = this.backlog.shift();
      if (run === undefined) return;
      if (!this.dead) run();
    }
  }

  /** Runs in this process, now or when it is continued. */
  deliver(run: () => void): void {
    if (this.dead) return;
    const stopped = this.frozen || this.parts.timeline.nowMs < this.pausedUntilMs;
    const waits = stopped || this.backlog.length > 0;
    if (waits) this.backlog.push(run);
    else run();
  }

  private guarded<T>(done: (result: T) => void): (result: T) => void {
    return (result) => {
      this.deliver(() => {
        done(result);
      });
    };
  }

  private identity(): ConstructorParameters<typeof AloneRole>[1] {
    const { name: replicaId, replays } = this;
    const machine = { build: 'sim', accelerator: 'fake', memoryBytes: 0n };
    return { ...machine, replicaId, replays, replication: 'auto' };
  }

  private clock(): Clock {
    const { timeline } = this.parts;
    return {
      nowMs: () => this.readClock(),
      realtimeMs: () => timeline.nowMs,
      after: (delayMs, run) => {
        let cancelled = false;
        timeline.after(delayMs, () => {
          if (!cancelled) this.deliver(run);
        });
        return () => {
          cancelled = true;
        };
      },
      every: (periodMs, run) => this.every(periodMs, run),
    };
  }

  private every(periodMs: number, run: () => void): () => void {
    const { timeline } = this.parts;
    let cancelled = false;
    const again = (): void => {
      timeline.after(periodMs, () => {
        if (cancelled || this.dead) return;
        this.deliver(() => {
          run();
          again();
        });
      });
    };
    again();
    return () => {
      cancelled = true;
    };
  }

  private diskHooks(): Pick<FakeHooks, 'disk'> {
    const { disk, planted } = this.parts;
    if (disk === null) return {};
    return {
      disk: {
        claim: (done) => {
          if (this.act())
            disk.claim(this.name, () => {
              this.deliver(done);
            });
        },
        write: (write, done) => {
          if (this.act())
            disk.write(this.name, write, () => {
              this.deliver(done);
            });
        },
        forgetful: planted === 'disk writes not repeated',
      },
    };
  }

  private createMachine(config: GuestConfig, events: MachineEvents): FakeMachine {
    const { random, observer, planted } = this.parts;
    const machine = new SimMachine(
      config,
      {
        ...events,
        segment: (segment) => {
          observer.recorded(this, segment);
          events.segment(segment);
        },
        executed: (progress) => {
          observer.executed(this, progress);
          events.executed(progress);
        },
      },
      {
        nowMs: () => this.readClock(),
        show: (index, content) => {
          // No step of its own: between the look at the clock and the output there is no time.
          if (this.countAction()) observer.output(this, index, content);
        },
        entropy: () => random.word(),
        held: (segment) => {
          observer.held(this, segment);
        },
        dropInput: () => planted === 'record dropped' && random.chance(0.1),
        uncheckedFrames: planted === 'byte flipped',
        forgetfulCopy: planted === 'changes not copied',
        tornCheckpoints: planted === 'checkpoint torn',
        ...this.diskHooks(),
      },
    );
    machine.ungated = planted === 'gate off';
    machine.unlimited = planted === 'permission without end';
    machine.hasty = planted === 'shown at a hand-over';
    this.machine = machine;
    this.every(this.stepMs, () => {
      if (this.end === null) machine.step(Math.round(this.stepMs * ticksPerMs));
    });
    return machine;
  }
}

class SimMachine extends FakeMachine implements Machine {
  ungated = false;
  unlimited = false;
  hasty = false;

  /** A gated machine is paused for a hand-over only. */
  override pauseNow(): void {
    super.pauseNow();
    if (this.hasty && this.gated) this.releaseOutputs(this.status().outputsProduced, Infinity);
  }

  override resume(options: LiveOptions): void {
    super.resume(this.ungated ? { ...options, gated: false } : options);
  }

  override releaseOutputs(through: bigint, untilMs: number): void {
    super.releaseOutputs(through, this.unlimited ? Infinity : untilMs);
  }
}

const copyingPhases: ReadonlySet<string> = new Set(['copying', 'pausing', 'finishing']);

export const simGuest: GuestConfig = {
  memoryBytes: 1 << 20,
  kernelPath: 'sim',
  initramfsPath: null,
  commandLine: '',
  mac: null,
  randomSeed: Buffer.alloc(32, 7),
  realtimeNs: 0n,
  cpu: null,
  disks: [],
};

const ticksPerMs = 2;
