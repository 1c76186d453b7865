import { VmftError } from '../../src/base/errors.js';
import type { FromBackup, FromPrimary, Heartbeat } from '../../src/pair/channel/messages.js';
import type { PeerLink } from '../../src/pair/session/ports.js';
import type { SeededRandom } from './seeded-random.js';
import type { SimHost } from './sim-host.js';
import type { Timeline } from './timeline.js';

type Message = FromBackup | FromPrimary;

/** What the network does to a message of a stream besides carrying it. */
export type Tamper = (link: SimLink, message: Message) => Message;

/**
 * The logging network. Streams keep their order, are late, break, or are held by a partition until it is
 * healed; datagrams are lost, late, doubled and overtaken.
 */
export class SimNetwork {
  /** Pairs of hosts that do not hear each other: "a|b". */
  private readonly cuts = new Set<string>();
  private readonly links: SimLink[] = [];
  delayMaxMs = 1;
  datagramLoss = 0.02;
  tamper: Tamper = (_link, message) => message;
  onSend: (link: SimLink, message: Message) => void = () => undefined;

  constructor(
    readonly timeline: Timeline,
    readonly random: SeededRandom,
  ) {}

  /** A stream from a backup to a primary, as its two ends. */
  connect(backup: SimHost, primary: SimHost): SimLink {
    const near = new SimLink(this, backup, 0);
    const far = new SimLink(this, primary, this.links.length + 1);
    near.other = far;
    far.other = near;
    this.links.push(near, far);
    return near;
  }

  cut(a: SimHost, b: SimHost): void {
    this.cuts.add(key(a, b));
  }

  isCut(a: SimHost, b: SimHost): boolean {
    return this.cuts.has(key(a, b));
  }

  heal(): void {
    this.cuts.clear();
    this.datagramLoss = 0;
    this.delayMaxMs = 1;
    for (const link of this.links) link.resume();
  }

  /** Resets every open stream between two hosts. */
  breakLinks(): void {
    for (const link of this.links) link.reset();
  }

  /** A process died on a host that lives: its peers are told, as far as they can be reached. */
  hostDied(host: SimHost): void {
    for (const link of this.links) if (link.host === host) link.reset();
  }

  delayMs(): number {
    return this.random.between(0.05, this.delayMaxMs);
  }

  sendHeartbeat(from: SimHost, to: SimHost, heartbeat: Heartbeat): void {
    const copies = this.random.chance(0.02) ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      if (this.isCut(from, to) || this.random.chance(this.datagramLoss)) continue;
      const late = this.random.chance(0.05) ? 60 : 0;
      this.timeline.after(this.delayMs() + late, () => {
        to.heartbeatCame(heartbeat);
      });
    }
  }
}

/** One end of a stream. */
export class SimLink implements PeerLink {
  other!: SimLink;
  open = true;
  /** Arrives here in this order. */
  private readonly inbox: (() => void)[] = [];
  private lastArrivalMs = 0;
  private arriving = false;

  constructor(
    private readonly network: SimNetwork,
    readonly host: SimHost,
    readonly id: number,
  ) {}

  send(message: Message): boolean {
    if (!this.open || !this.host.act()) return true;
    this.network.onSend(this, message);
    const carried = this.network.tamper(this, message);
    this.other.arrive(() => {
      this.other.host.replica.linkEvents.message(this.other, carried);
    });
    return true;
  }

  whenDrained(run: () => void): void {
    this.network.timeline.after(1, run);
  }

  close(error: VmftError | null): void {
    if (!this.open || !this.host.act()) return;
    this.open = false;
    this.other.arrive(() => {
      this.other.closedBy(error === null, error);
    });
  }

  /** Delivers a message that the peer did not send now. */
  inject(message: Message): void {
    this.arrive(() => {
      this.host.replica.linkEvents.message(this, message);
    });
  }

  /** The connection breaks: what is on its way is lost. */
  reset(): void {
    for (const end of [this, this.other]) {
      if (!end.open) continue;
      end.inbox.length = 0;
      end.arrive(() => {
        end.closedBy(false, broken);
      });
    }
  }

  resume(): void {
    if (this.inbox.length > 0) this.schedule();
  }

  private closedBy(clean: boolean, error: VmftError | null): void {
    this.open = false;
    this.host.replica.linkEvents.closed(this, clean, error);
  }

  private arrive(take: () => void): void {
    this.inbox.push(() => {
      if (this.open) take();
    });
    if (!this.arriving) this.schedule();
  }

  private schedule(): void {
    if (this.arriving || this.network.isCut(this.host, this.other.host)) return;
    this.arriving = true;
    const { timeline } = this.network;
    this.lastArrivalMs = Math.max(this.lastArrivalMs, timeline.nowMs + this.network.delayMs());
    timeline.at(this.lastArrivalMs, () => {
      this.arriving = false;
      if (this.network.isCut(this.host, this.other.host)) return;
      const batch = this.inbox.splice(0, this.inbox.length);
      this.host.deliver(() => {
        for (const take of batch) take();
      });
    });
  }
}

function key(a: SimHost, b: SimHost): string {
  return a.name < b.name ? `${a.name}|${b.name}` : `${b.name}|${a.name}`;
}

const broken = new VmftError('peer-lost', 'the simulated connection broke');
