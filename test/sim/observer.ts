/**
 * The checkers: what must hold in every schedule (design §7), decided from what is seen from outside the
 * protocol's code: outputs as the world gets them, segments as the machines make and hold them, and the flags in
 * storage. Nothing here asks a role, a gate or a buffer for its opinion.
 */
import type { ExecutionProgress, RecordedSegment } from '../../src/flow/machine/machine.js';
import type { StampedPairEvent } from '../../src/pair/role/pair-event.js';
import type { FakeSegment } from '../flow/machine/fake-frame.js';
import { referenceOutputs } from './reference-guest.js';
import type { SimHost } from './sim-host.js';
import { SimDisk } from './sim-disk.js';
import type { SimStorage } from './sim-storage.js';

/** A broken invariant; the message names it. */
export class Violation extends Error {}

/** Errors that a sound channel may end with. */
const byCircumstance: ReadonlySet<string> = new Set(['peer-lost', 'join-timeout']);

interface HostRecord {
  /** The generation in which this host last had a peer, as primary or as backup; 0: it never had. */
  paired: number;
  highestShown: number;
}

export class Observer {
  /** Outputs in the order of their numbers, as first seen. */
  readonly seen: string[] = [];
  /** Requests whose answer a client has seen. */
  readonly answered = new Map<number, string>();
  /** Set when the schedule damages messages: then the generation may end with a named error. */
  tampering = false;
  onAnswer: (request: number) => void = () => undefined;
  readonly channelErrors: string[] = [];
  /** Generations in which a segment was sent. */
  private readonly begun = new Set<number>();
  private readonly hosts = new Map<SimHost, HostRecord>();
  /** Request → the output by which it was last seen to be written. */
  private readonly writes = new Map<number, number>();
  /** Place on the disk → the last write there whose request was answered. */
  private readonly durable = new Map<number, number>();
  /** Who has gone live, or on alone, in a generation: from then on the other shows nothing. */
  private readonly live = new Map<number, string>();
  /** Per generation: how many outputs the segments cover that a backup has held. */
  private readonly heldOutputs = new Map<number, number>();
  /** "generation:sequence" → digest of whoever was at that segment’s end first. */
  private readonly digests = new Map<string, number>();

  constructor(
    private readonly storage: SimStorage,
    private readonly disk: SimDisk | null,
  ) {}

  /** A primary sent a segment: from now on it is a pair's. */
  sent(host: SimHost, generation: number): void {
    if (!this.begun.has(generation) && this.storage.taken.has(generation)) {
      throw this.violated(`a pair was formed in generation ${generation}, whose flag is taken`);
    }
    this.begun.add(generation);
    this.record(host).paired = generation;
  }

  recorded(host: SimHost, segment: RecordedSegment): void {
    const hash = host.machine?.state.hash ?? 0;
    this.compareDigest(Number(segment.generation), segment.sequence, hash);
  }

  held(host: SimHost, segment: FakeSegment): void {
    const { generation, produced } = segment;
    this.record(host).paired = generation;
    this.heldOutputs.set(generation, Math.max(produced, this.heldOutputs.get(generation) ?? 0));
  }

  executed(host: SimHost, progress: ExecutionProgress): void {
    const { position, sequence } = progress;
    this.compareDigest(this.record(host).paired, sequence, Number(position.rip));
  }

  output(host: SimHost, index: number, content: string): void {
    const record = this.record(host);
    this.checkPermission(host, record, index);
    if (index <= record.highestShown) {
      throw this.violated(`${host.name} showed output ${index} twice by itself`);
    }
    record.highestShown = index;
    const known = this.seen[index - 1];
    if (known !== undefined && known !== content) {
      throw this.violated(`output ${index} was "${known}" and is "${content}": two runs were seen`);
    }
    if (known !== undefined) return;
    if (index !== this.seen.length + 1) {
      throw this.violated(`output ${index} came after ${this.seen.length}: one was lost`);
    }
    this.seen.push(content);
    const [kind, request] = content.split(' ');
    if (kind === 'write') this.writes.set(Number(request), index);
    if (kind === 'answer') this.acknowledged(Number(request));
    if (kind === 'answer') {
      this.answered.set(Number(request), content);
      this.onAnswer(Number(request));
    }
  }

  event(host: SimHost, event: StampedPairEvent): void {
    if (event.type === 'diverged') {
      throw this.violated(`${host.name}: replicas diverged: ${event.what}`);
    }
    if (event.type === 'live') this.live.set(Number(event.generation), host.name);
    if (event.type === 'channel-broken' && !byCircumstance.has(event.error.code)) {
      this.channelErrors.push(event.error.code);
      if (!this.tampering) {
        throw this.violated(
          `${host.name} found a fault in a sound channel: ${event.error.message}`,
        );
      }
    }
    if (event.type === 'ended' && event.end.reason === 'internal') {
      throw this.violated(`${host.name} ended with a bug: ${event.end.message}`);
    }
  }

  /** The machine's history, wherever it is now, is one run that explains everything seen. */
  checkRun(host: SimHost): void {
    const { machine } = host;
    if (machine === null) return;
    const seed = machine.config.randomSeed.readUInt32LE(0);
    const journals = this.disk !== null;
    const outputs = referenceOutputs(seed, machine.lineage, machine.state.tick, journals);
    if (outputs.length < this.seen.length) {
      throw this.violated(
        `${this.seen.length} outputs were seen, ${host.name} has made ${outputs.length}`,
      );
    }
    this.seen.forEach((content, at) => {
      if (outputs[at] !== content) {
        const number = at + 1;
        throw this.violated(
          `output ${number} was "${content}"; one run of ${host.name}’s history has "${outputs[at] ?? ''}"`,
        );
      }
    });
    for (const [request, content] of this.answered) {
      if (!outputs.includes(content))
        throw this.violated(`answered request ${request} is forgotten`);
    }
  }

  /** What was acknowledged is on the disk, unless something later took its place. */
  checkDisk(): void {
    if (this.disk === null) return;
    for (const [place, write] of this.durable) {
      const found = this.disk.journal.get(place);
      if (found === undefined || found.output < write) {
        const there = found === undefined ? 'nothing' : `write ${found.output}`;
        throw this.violated(
          `${there} is at place ${place} of the disk, where write ${write} was acknowledged`,
        );
      }
    }
  }

  private acknowledged(request: number): void {
    const write = this.writes.get(request);
    if (this.disk === null) return;
    if (write === undefined) throw this.violated(`request ${request} was answered, not written`);
    const place = SimDisk.place({ request });
    this.durable.set(place, Math.max(write, this.durable.get(place) ?? 0));
    this.checkDisk();
  }

  /** The first broken invariant; whatever else its being thrown may lead to. */
  violation: Violation | null = null;

  violated(message: string): Violation {
    const violation = new Violation(message);
    this.violation ??= violation;
    return violation;
  }

  /**
   * True when the machine must live on without this dead host: a backup had the log, and the flag of its
   * generation is not with the dead.
   */
  mustSurvive(dead: SimHost): boolean {
    const { paired } = this.record(dead);
    return this.heldOutputs.has(paired) && this.storage.taken.get(paired) !== dead.name;
  }

  /** The output rule and the one-live rule, both from the flags and from what backups hold. */
  private checkPermission(host: SimHost, record: HostRecord, index: number): void {
    const generation = record.paired;
    if (generation === 0) return;
    const winner = this.storage.taken.get(generation);
    const live = winner === host.name ? host.name : this.live.get(generation);
    if (live === host.name) {
      this.live.set(generation, live);
      return;
    }
    if (live !== undefined) {
      throw this.violated(`${host.name} showed output ${index} after ${live} went live`);
    }
    const held = this.heldOutputs.get(generation) ?? 0;
    if (index <= held) return;
    const state = winner === undefined ? 'nobody has the flag' : `${winner} has the flag`;
    throw this.violated(
      `${host.name} showed output ${index} in generation ${generation}: ${state}, and the backup holds the log up to output ${held}`,
    );
  }

  private compareDigest(generation: number, sequence: bigint, hash: number): void {
    const at = `${generation}:${sequence}`;
    const known = this.digests.get(at);
    if (known === undefined) this.digests.set(at, hash);
    else if (known !== hash) {
      throw this.violated(`digests differ behind segment ${sequence} of generation ${generation}`);
    }
  }

  private record(host: SimHost): HostRecord {
    let record = this.hosts.get(host);
    if (record === undefined) {
      record = { paired: 0, highestShown: 0 };
      this.hosts.set(host, record);
    }
    return record;
  }
}
