import { defaultPairSettings, type PairSettings } from '../../src/base/limits.js';
import type { Ack, FromBackup, FromPrimary } from '../../src/pair/channel/messages.js';
import { isGuestEnd } from '../../src/pair/role/pair-event.js';
import type { FakeMachine } from '../flow/machine/fake-machine.js';
import { Observer } from './observer.js';
import type { PlantedFault } from './planted-fault.js';
import { SeededRandom } from './seeded-random.js';
import { SimDisk } from './sim-disk.js';
import { SimHost, type SimParts } from './sim-host.js';
import { SimNetwork, type SimLink } from './sim-network.js';
import { SimStorage } from './sim-storage.js';
import { Timeline } from './timeline.js';

/** What a schedule came to, for counting that all of it is really exercised. */
export interface Outcome {
  readonly failovers: number;
  readonly wentAlone: number;
  readonly channelErrors: readonly string[];
  readonly guestEnded: boolean;
  readonly answers: number;
  readonly trouble: readonly string[];
  /** Machines that a primary gave to its backup. */
  readonly handedOver: number;
  /** Pairs that replicated so. */
  readonly byCheckpoint: number;
  /** Copies for which the guest was slowed. */
  readonly throttled: number;
  /** Heartbeats that went out while their role rested. */
  readonly beatsAtRest: number;
}

const settings: PairSettings = {
  ...defaultPairSettings,
  joinStallMs: 1_000,
  heartbeatProbeMs: 500,
  brokenChannelPatienceMs: 400,
  drainMs: 600,
  handOverMs: 150,
  copyPauseMs: 1,
  unacknowledgedBytesMax: 6_000,
  arbiterRetryMaxMs: 200,
};

/**
 * One schedule: a machine, backups that join it, a client, and up to three troubles, all from the seed.
 * Throws `Violation` (observer.ts).
 */
export function runSchedule(seed: number, planted: PlantedFault | null): Promise<Outcome> {
  return new Schedule(seed, planted).run();
}

class Schedule {
  private readonly timeline = new Timeline();
  private readonly random: SeededRandom;
  private readonly storage: SimStorage;
  private readonly disk: SimDisk | null;
  private readonly network: SimNetwork;
  private readonly observer: Observer;
  private readonly parts: SimParts;
  private readonly hosts: SimHost[] = [];
  private readonly trouble: string[] = [];
  private readonly oldAcks: Ack[] = [];
  private backupsLeft: number;
  private request = 0;
  /** How often the client leaves the guest alone for a while. */
  private readonly leavesShare: number;
  private flipNext = false;
  private replayNext = false;

  constructor(
    seed: number,
    private readonly planted: PlantedFault | null,
  ) {
    this.random = new SeededRandom(seed);
    this.leavesShare = this.random.pick([0, 0.3]);
    const { timeline, random } = this;
    timeline.asynchronous = () => this.hosts.some((host) => host.copying);
    this.storage = new SimStorage(timeline, random);
    this.network = new SimNetwork(timeline, random);
    // Every other machine has a disk.
    const fences = planted !== 'disk not fenced';
    this.disk = seed % 2 === 0 ? new SimDisk(timeline, random, fences) : null;
    this.observer = new Observer(this.storage, this.disk);
    this.backupsLeft = random.whole(1, 3);
    this.parts = {
      timeline,
      random,
      network: this.network,
      storage: this.storage,
      observer: this.observer,
      disk: this.disk,
      settings,
      planted,
      peerOf: (host) => this.peerOf(host),
    };
    this.network.delayMaxMs = random.pick([0.3, 1, 5, 30]);
    this.network.datagramLoss = random.pick([0, 0.02, 0.3]);
    this.network.onSend = (link, message) => {
      this.sent(link, message);
    };
    this.network.tamper = (link, message) => this.tampered(link, message);
  }

  /** A violation is thrown in the midst of the protocol's code, which may end the replica for it. */
  async run(): Promise<Outcome> {
    try {
      const outcome = await this.play();
      if (this.observer.violation === null) return outcome;
      throw this.observer.violation;
    } catch (error) {
      throw this.observer.violation ?? error;
    }
  }

  private async play(): Promise<Outcome> {
    const { timeline, random } = this;
    const first = this.newHost();
    first.boot();
    this.observer.onAnswer = (request) => {
      if (request === this.request) {
        // Now and then the client leaves the guest alone, and the pair comes to rest.
        const leaves = timeline.nowMs < troubleMs && random.chance(this.leavesShare);
        const thinksMs = leaves ? random.between(300, 800) : random.between(2, 30);
        timeline.after(thinksMs, () => {
          this.nextRequest();
        });
      }
    };
    this.nextRequest();
    timeline.after(random.between(5, 60), () => {
      this.joinLoop();
    });
    for (let left = random.whole(0, 3); left > 0; left -= 1) {
      timeline.at(random.between(10, troubleMs), () => {
        this.makeTrouble();
      });
    }
    await timeline.run(troubleMs);
    this.heal();
    await timeline.run(troubleMs + recoveryMs);
    const answered = this.observer.answered.size;
    await timeline.run(troubleMs + recoveryMs + progressMs / this.cpuShare());
    this.checkProgress(answered);
    this.observer.checkDisk();
    for (const host of this.hosts) {
      if (host.alive && host.machine?.running === true) this.observer.checkRun(host);
    }
    const told = this.hosts.flatMap((host) => host.events);
    const events = told.map(({ type }) => type);
    return {
      failovers: events.filter((type) => type === 'live').length,
      wentAlone: events.filter((type) => type === 'backup-lost').length,
      channelErrors: this.observer.channelErrors,
      guestEnded: this.guestEnded,
      answers: this.observer.answered.size,
      trouble: this.trouble,
      handedOver: this.hosts.filter(({ end }) => end?.reason === 'handed-over').length,
      byCheckpoint: told.filter(
        (event) => event.type === 'formed' && event.replication === 'checkpoint',
      ).length,
      throttled: this.hosts.filter(({ machine }) => machine?.slowedForCopy === true).length,
      beatsAtRest: this.hosts.reduce((sum, { heartbeats }) => sum + heartbeats.beatsAtRest, 0),
    };
  }

  private get guestEnded(): boolean {
    return this.hosts.some(({ end }) => end !== null && isGuestEnd(end.reason));
  }

  /** Of the guest: an operator's limit makes it slower to answer. */
  private cpuShare(): number {
    const running = this.hosts.filter((host) => host.alive && host.machine?.running === true);
    return Math.min(1, ...running.map((host) => host.machine?.status().cpuShare ?? 1));
  }

  private newHost(): SimHost {
    const host = new SimHost(`r${this.hosts.length + 1}`, this.parts);
    this.hosts.push(host);
    return host;
  }

  /** Whoever runs alone and can be reached gets a backup, as long as there are spare hosts. */
  private joinLoop(): void {
    const alone = this.hosts.find((host) => host.alive && host.replica.role?.phase === 'alone');
    if (alone !== undefined && this.backupsLeft > 0) {
      this.backupsLeft -= 1;
      this.newHost().join(alone);
    }
    this.timeline.after(this.random.between(40, 200), () => {
      this.joinLoop();
    });
  }

  /** The other replica of a host's generation, dead or alive: heartbeats go there. */
  private peerOf(host: SimHost): SimHost | null {
    const last = this.hosts[this.hosts.length - 1];
    if (last !== undefined && host !== last) return last;
    return (
      this.hosts.find((other) => other !== host && other.replica.role?.name !== 'backup') ?? null
    );
  }

  /** The guest network floods: every replica that takes frames gets them. */
  private nextRequest(): void {
    this.request += 1;
    this.deliverRequest(this.request);
  }

  private deliverRequest(request: number): void {
    if (request !== this.request || this.observer.answered.has(request)) return;
    for (const host of this.hosts) {
      this.timeline.after(this.random.between(0.1, 2), () => {
        host.deliver(() => {
          if (host.end === null) host.machine?.request(request);
        });
      });
    }
    this.timeline.after(120, () => {
      this.deliverRequest(request);
    });
  }

  private makeTrouble(): void {
    const kinds: readonly (() => string)[] = [
      () => this.crash(),
      () => this.crash(),
      () => this.partition(),
      () => this.cutStorage(),
      () => this.slowStorage(),
      () => this.pause(),
      () => this.freeze(),
      () => this.freeze(),
      () => this.breakConnection(),
      () => this.flipByte(),
      () => this.replayOldAck(),
      () => this.endMachine(),
      () => this.limitSpeed(),
      () => this.handOver(),
      () => this.handOverInTrouble(),
      () => this.partitionAndCut(),
    ];
    this.trouble.push(this.random.pick(kinds)());
  }

  private victim(): SimHost | undefined {
    const alive = this.hosts.filter((host) => host.alive);
    return alive.length === 0 ? undefined : this.random.pick(alive);
  }

  private crash(): string {
    const host = this.victim();
    if (host === undefined) return 'nothing';
    const told = this.random.chance(0.6);
    host.onDeath = () => {
      if (told) {
        this.timeline.after(0.1, () => {
          this.network.hostDied(host);
        });
      }
    };
    if (this.random.chance(0.5)) host.die();
    else host.actionsLeft = this.random.whole(1, 40);
    return 'crash';
  }

  private partition(): string {
    this.cutAll();
    this.later(() => {
      if (this.random.chance(0.5)) this.network.breakLinks();
      this.network.heal();
    });
    return 'partition';
  }

  private cutAll(): void {
    for (const a of this.hosts) for (const b of this.hosts) if (a !== b) this.network.cut(a, b);
  }

  private cutStorage(): string {
    const all = this.random.chance(0.5);
    for (const host of this.hosts) {
      if (!all && this.random.chance(0.5)) continue;
      this.storage.cut(host.name);
      this.disk?.cut(host.name);
    }
    this.later(() => {
      this.storage.heal();
      this.disk?.heal();
    });
    return 'storage cut';
  }

  private partitionAndCut(): string {
    this.partition();
    this.cutStorage();
    return 'partition and storage cut';
  }

  private slowStorage(): string {
    this.storage.delayMaxMs = this.random.pick([50, 400]);
    this.storage.replyLoss = this.random.pick([0, 0.5]);
    return 'slow storage';
  }

  private pause(): string {
    this.victim()?.pause(this.random.between(20, 700));
    return 'pause';
  }

  /** Stops a process in the midst of what it does, mostly one that shows outputs. */
  private freeze(): string {
    const live = this.hosts.find((host) => host.alive && host.machine?.running === true);
    const host = this.random.chance(0.8) ? live : this.victim();
    if (host === undefined) return 'nothing';
    host.freeze = {
      stepsLeft: this.random.whole(1, 60),
      forMs: this.random.between(60, 700),
    };
    return 'freeze';
  }

  private breakConnection(): string {
    this.network.breakLinks();
    return 'connection broken';
  }

  private flipByte(): string {
    this.flipNext = true;
    if (this.planted !== 'byte flipped') this.observer.tampering = true;
    return 'byte flipped';
  }

  /** A message of an older generation will appear on the channel of a later one. */
  private replayOldAck(): string {
    this.replayNext = true;
    return 'old generation';
  }

  private replay(link: SimLink, generation: bigint): void {
    const older = this.oldAcks.filter((ack) => ack.generation < generation);
    if (older.length === 0) return;
    this.replayNext = false;
    const old = this.random.pick(older);
    const ignored = this.planted === 'generation ignored';
    if (!ignored) this.observer.tampering = true;
    // Planted: the receiver does not look at the generation, and takes the number for one of its own.
    link.inject(ignored ? { ...old, generation } : old);
  }

  private endMachine(): string {
    const kind = this.random.pick(['power-off', 'reset'] as const);
    this.ofRunning((machine) => {
      machine.control(kind);
    });
    return kind;
  }

  private limitSpeed(): string {
    const share = this.random.between(0.2, 1);
    this.ofRunning((machine) => {
      machine.setCpuShare(share);
    });
    return 'cpu share';
  }

  /** A process that is stopped in the middle of something is told when it goes on. */
  private ofRunning(tell: (machine: FakeMachine) => void): void {
    for (const host of this.hosts) {
      host.deliver(() => {
        if (host.alive && host.machine?.running === true) tell(host.machine);
      });
    }
  }

  private handOver(): string {
    for (const host of this.hosts) {
      if (host.alive && host.replica.role?.name === 'primary') host.handOver();
    }
    return 'hand-over';
  }

  /** With something else in the midst of it. */
  private handOverInTrouble(): string {
    this.handOver();
    const kinds = [() => this.crash(), () => this.partition(), () => this.breakConnection()];
    const other = this.random.pick(kinds);
    this.timeline.after(this.random.between(0, 40), () => {
      other();
    });
    return 'hand-over in trouble';
  }

  private later(run: () => void): void {
    this.timeline.after(this.random.between(30, 600), run);
  }

  private heal(): void {
    this.network.heal();
    this.storage.heal();
    this.disk?.heal();
    if (this.disk !== null) this.disk.slowness = 0;
    this.flipNext = false;
    for (const host of this.hosts) host.freeze = null;
  }

  private sent(link: SimLink, message: FromBackup | FromPrimary): void {
    if (message.kind === 'ack') this.oldAcks.push(message);
    if (message.kind !== 'log-frame') return;
    this.observer.sent(link.host, Number(message.generation));
    if (this.replayNext) this.replay(link, message.generation);
    if (this.planted === 'acknowledged before received') {
      const { generation, sequence } = message;
      link.inject({ kind: 'ack', generation, sequence });
    }
  }

  private tampered(_link: SimLink, message: FromBackup | FromPrimary): FromBackup | FromPrimary {
    if (message.kind !== 'log-frame' || !this.flipNext) return message;
    this.flipNext = false;
    const frame = Buffer.from(message.frame);
    const at = this.random.whole(4, frame.length - 1);
    frame.writeUInt8(frame.readUInt8(at) ^ (1 << this.random.whole(0, 3)), at);
    return { ...message, frame };
  }

  /** Once all is healed, the machine lives and answers unless those who could carry it are dead. */
  private checkProgress(answeredBefore: number): void {
    const dead = this.hosts.filter((host) => host.dead);
    if (this.guestEnded) return;
    if (dead.length > 1 || dead.some((host) => !this.observer.mustSurvive(host))) return;
    if (!this.hosts.some((host) => host.alive && host.machine?.running === true)) {
      throw this.observer.violated('the machine is gone, though one could have carried it');
    }
    if (this.observer.answered.size === answeredBefore) {
      throw this.observer.violated('the machine lives, but answers nobody');
    }
  }
}

const troubleMs = 700;
const recoveryMs = 900;
const progressMs = 300;
