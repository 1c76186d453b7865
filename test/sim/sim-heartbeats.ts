import type { Heartbeat } from '../../src/pair/channel/messages.js';
import type { Rest, RestBeat } from '../../src/pair/role/peer-pulse.js';
import type { HeartbeatPort } from '../../src/pair/session/ports.js';

/** What heartbeats need of the process that they are of. */
export interface HeartbeatProcess {
  nowMs(): number;
  /** Counts as an action with an effect outside; false once the process is dead. */
  act(): boolean;
  /** Runs in the process after a while, when it is not stopped then. */
  after(delayMs: number, run: () => void): void;
  send(heartbeat: Heartbeat): void;
  heard(heartbeat: Heartbeat, ageMs: number): void;
}

interface Came {
  readonly heartbeat: Heartbeat;
  readonly atMs: number;
}

/** A process's heartbeats: the socket in which they lie until it looks, and beats at rest as native/world/heartbeat_rest.cpp has them. */
export class SimHeartbeats implements HeartbeatPort {
  readonly port = 1;
  /** So many went out in rests. */
  beatsAtRest = 0;
  private came: Came[] = [];
  private current: { readonly over: () => void; readonly beats: RestBeat[]; rest: Rest } | null =
    null;
  private machineId = '';

  constructor(private readonly process: HeartbeatProcess) {}

  /** Into the socket: also while the process is stopped. */
  arrive(heartbeat: Heartbeat, atMs: number): void {
    this.came.push({ heartbeat, atMs });
  }

  send(heartbeat: Heartbeat): void {
    if (this.process.act()) this.process.send(heartbeat);
  }

  deliver(): void {
    for (let next = this.came.shift(); next !== undefined; next = this.came.shift()) {
      this.process.heard(next.heartbeat, this.process.nowMs() - next.atMs);
    }
  }

  towards(): void {
    // Hosts know each other.
  }

  rest(rest: Rest, machineId: string, over: () => void): boolean {
    if (this.current !== null) throw new Error('it rests already');
    this.machineId = machineId;
    this.current = { rest, over, beats: [] };
    this.wait();
    return true;
  }

  rise(): readonly RestBeat[] {
    const beats = this.current?.beats ?? [];
    this.current = null;
    return beats;
  }

  private wait(): void {
    const { current } = this;
    if (current === null) return;
    const delayMs = Math.max(0, current.rest.dueMs - this.process.nowMs());
    this.process.after(delayMs, () => {
      if (this.current !== current) return;
      if (this.beat(current)) this.wait();
      else current.over();
    });
  }

  private beat(current: NonNullable<typeof this.current>): boolean {
    const { rest } = current;
    const atMs = this.process.nowMs();
    const heardMs = Math.max(rest.heardMs, ...this.came.map((came) => came.atMs));
    if (atMs >= rest.untilMs || atMs - heardMs > rest.lateAfterMs) return false;
    const { generation } = rest;
    let heard = rest.heard;
    for (const { heartbeat } of this.came) {
      if (heartbeat.generation !== generation || heartbeat.counter <= heard) return false;
      heard = heartbeat.counter;
    }
    const came = this.came.splice(0);
    const counter = rest.sent + 1n;
    const dueMs = Math.max(rest.dueMs + rest.periodMs, atMs);
    current.rest = { ...rest, sent: counter, heard, heardMs, dueMs };
    this.beatsAtRest += 1;
    current.beats.push({
      atMs,
      sent: counter,
      heard: came.map(({ heartbeat, atMs: cameMs }) => ({ ...heartbeat, atMs: cameMs })),
    });
    this.send({ machineId: this.machineId, generation, counter, echo: heard });
    return true;
  }
}
