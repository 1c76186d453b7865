import { VmftError } from '../../base/errors.js';
import type { PairSettings } from '../../base/limits.js';
import { SequenceQueue } from '../../base/sequence-queue.js';
import { LogBuffer } from '../../flow/log/log-buffer.js';
import type {
  LiveOptions,
  RecordedSegment,
  Replication,
  Stopped,
} from '../../flow/machine/machine.js';
import { Gate } from '../../flow/output/gate.js';
import type { FromBackup, Progress } from '../channel/messages.js';
import { aloneOptions, AloneRole, endWith, refuse, type MachineIdentity } from './alone.js';
import { Arbitration } from './arbitration.js';
import { decideFailover, type FailoverRow } from './failover-table.js';
import { LagControl } from './lag-control.js';
import { OutputPermission } from './output-permission.js';
import { failure, guestEnd, handedOver, isGuestEnd, type CopyCost } from './pair-event.js';
import { busyLogMs, PeerPulse, type Rest, type RestBeat } from './peer-pulse.js';
import type { Action, LinkId, PairStatus, Role, RoleEvent } from './role.js';

export interface PrimaryOptions {
  readonly generation: bigint;
  readonly link: LinkId;
  /** The backup's replica id. */
  readonly peer: string;
  readonly replication: Replication;
  /** What the copy took. */
  readonly cost: CopyCost;
  /** Outputs that left before the pair was formed. */
  readonly outputsReleased: bigint;
  /** The number of the last heartbeat of the join. */
  readonly lastBeatSent: bigint;
  /** As its Hello said. */
  readonly backupLiveAfterMs: number;
  readonly identity: MachineIdentity;
  readonly settings: PairSettings;
  /** For tests that plant a fault. */
  readonly gate?: Gate;
}

/**
 * The primary of a pair: runs, records, and shows an output once the backup holds the log before it.
 *
 *   protected    the pair works.                                 ── guest ends ──► draining
 *                                                                ── hand-over ──► handing-over
 *                                                                ── P2–P5 ──► arbitrating
 *   draining     the guest has ended; the backup does not yet    ── P1 ──► ended
 *                hold all of the log.                            ── P2–P6 ──► arbitrating
 *   handing-over the guest is paused and nothing is shown; once  ── too slow ──► protected
 *                the backup holds all of the log, it is told to  ── P7 ──► ended
 *                take over, and there is no way back but by the  ── P2–P5, P8 ──► arbitrating
 *                flag.
 *   arbitrating  outputs wait, the guest runs until the log      ── won (A3) ──► AloneRole, or ended
 *                buffer is full (or stays paused, after a        ── lost (A1) ──► ended
 *                hand-over); what the peer says is ignored.
 *   ended        nothing is shown any more.
 *
 * Entered from AloneRole when StateReady has come: from then on only the generation's flag makes this
 * replica alone again, whatever becomes of the channel.
 */
export class PrimaryRole implements Role {
  readonly name = 'primary';
  readonly generation: bigint;
  private state: 'protected' | 'draining' | 'handing-over' | 'arbitrating' | 'ended' = 'protected';
  private readonly link: LinkId;
  private readonly settings: PairSettings;
  private readonly gate: Gate;
  private readonly buffer: LogBuffer;
  private readonly pulse: PeerPulse;
  private readonly permission: OutputPermission;
  /** Until when what was let go last may leave; after that it waits for the next permission. */
  private grantedUntilMs = -Infinity;
  /** That was over before they could. */
  private outputsWait = false;
  private outputsLeft: bigint;
  private readonly arbitration: Arbitration;
  private readonly lag: LagControl;
  private channel: 'open' | 'broken' | 'ended' = 'open';
  private peerDiverged = false;
  private fault: VmftError | null = null;
  private guestStopped: Stopped | null = null;
  /** Of draining, and of handing over. */
  private patienceUntilMs = Infinity;
  private handOver: 'none' | 'pausing' | 'paused' | 'sent' | 'taken' = 'none';
  /** Of the end of each segment that is not acknowledged, and of the last one that is. */
  private readonly segmentEnds = new SequenceQueue<bigint>();
  private acknowledgedNs = 0n;
  private lagNs: bigint | null = null;
  private stallShown = false;
  private diskReadsDone = 0n;
  /** When the last segment was made, and the one before it. */
  private segmentMs = -Infinity;
  private segmentBeforeMs = -Infinity;

  constructor(
    private readonly options: PrimaryOptions,
    nowMs: number,
  ) {
    this.generation = options.generation;
    this.link = options.link;
    this.settings = options.settings;
    this.gate = options.gate ?? new Gate(options.outputsReleased);
    this.buffer = new LogBuffer(options.settings.unacknowledgedBytesMax);
    const { generation, settings, lastBeatSent } = options;
    this.pulse = new PeerPulse(generation, settings, nowMs, lastBeatSent);
    this.permission = new OutputPermission(options.backupLiveAfterMs);
    this.outputsLeft = options.outputsReleased;
    this.arbitration = new Arbitration(options.generation, options.settings);
    this.lag = new LagControl(options.settings.lagLimitMs);
  }

  get phase(): string {
    return this.state;
  }

  get showsUntilMs(): number {
    return this.givenAway ? -Infinity : this.permission.untilMs;
  }

  /** HandOver was sent. */
  private get givenAway(): boolean {
    return this.handOver === 'sent' || this.handOver === 'taken';
  }

  get pair(): PairStatus {
    const { peer, replication } = this.options;
    return { peer, replication, lagNs: this.lagNs, copy: null };
  }

  tickAfterMs(nowMs: number): number {
    return this.pulse.tickAfterMs(this.works && this.buffer.settled, nowMs);
  }

  rest(nowMs: number): Rest | null {
    // What found no permission leaves with the next echo, which is looked at as soon as it may have come.
    const quiet = !this.outputsWait && nowMs - this.segmentBeforeMs > busyLogMs;
    return this.works && quiet ? this.pulse.rest(nowMs) : null;
  }

  private get works(): boolean {
    return this.state === 'protected' && this.channel === 'open';
  }

  start(): Action[] {
    const { generation } = this;
    const { replication, cost } = this.options;
    return [
      { do: 'resume', options: this.liveOptions() },
      {
        do: 'emit',
        event: { type: 'formed', generation, role: 'primary', replication, ...cost },
      },
    ];
  }

  private liveOptions(): LiveOptions {
    const { generation } = this;
    const { replication } = this.options;
    const { unacknowledgedBytesMax } = this.settings;
    return { generation, gated: true, recording: true, replication, unacknowledgedBytesMax };
  }

  handle(event: RoleEvent, nowMs: number): Action[] {
    if (this.state === 'ended') return [];
    switch (event.type) {
      case 'segment':
        return this.segment(event.segment, nowMs);
      case 'message':
        return this.message(event.link, event.message as FromBackup, nowMs);
      case 'link-closed':
        if (event.link !== this.link || this.channel !== 'open') return [];
        this.channel = event.clean ? 'ended' : 'broken';
        this.fault = event.error;
        return [...this.complain(event.error), ...this.decide(nowMs)];
      case 'heartbeat':
        return this.heartbeat(event, nowMs);
      case 'rested':
        return this.rested(event.beats, nowMs);
      case 'outputs-left':
        this.outputsLeft = event.through;
        return this.decide(nowMs);
      case 'hand-over':
        return this.beginHandOver(nowMs);
      case 'paused':
        if (this.handOver !== 'pausing') return [];
        this.handOver = 'paused';
        return this.sendHandOver(nowMs);
      case 'tick':
        return this.tick(nowMs);
      case 'stopped':
        return this.stopped(event.stopped, nowMs);
      case 'arbitration':
        return [
          ...this.arbitration.result(event.generation, event.result, nowMs),
          ...this.decide(nowMs),
        ];
      default:
        return [];
    }
  }

  private segment(segment: RecordedSegment, nowMs: number): Action[] {
    const { generation, sequence, frame, outputsProduced, virtualNs } = segment;
    if (generation !== this.generation) return [];
    this.segmentBeforeMs = this.segmentMs;
    this.segmentMs = nowMs;
    this.gate.append(sequence, outputsProduced);
    if (this.state === 'arbitrating') return [];
    this.buffer.append(sequence, frame.length);
    this.permission.segmentSent(sequence, nowMs);
    this.segmentEnds.append(sequence, virtualNs);
    const send: Action = {
      do: 'send',
      link: this.link,
      message: { kind: 'log-frame', generation, sequence, frame },
    };
    if (!this.buffer.full || this.stallShown) return [send];
    this.stallShown = true;
    return [
      send,
      { do: 'emit', event: { type: 'stalled', unacknowledgedBytes: this.buffer.bytes } },
    ];
  }

  private message(link: LinkId, message: FromBackup, nowMs: number): Action[] {
    if (link !== this.link) {
      if (message.kind !== 'hello') return [];
      return refuse(link, 'this machine has a backup already');
    }
    // Once the flag has been tried the backup may be live: what it acknowledged before counts no more.
    if (this.state === 'arbitrating' || this.channel !== 'open') return [];
    if (isOfJoin(message)) {
      const text = `the backup sent ${message.kind} at the wrong time`;
      return this.breakChannel(new VmftError('message-unexpected', text), nowMs);
    }
    const stale = generationFault(message.generation, this.generation, message.kind);
    if (stale !== null) return this.breakChannel(stale, nowMs);
    this.pulse.heard(nowMs);
    switch (message.kind) {
      case 'ack':
        return this.ack(message.sequence, nowMs);
      case 'taken-over':
        return this.takenOver(nowMs);
      case 'progress':
        return this.guestStopped === null ? this.progress(message) : [];
      case 'divergence': {
        this.peerDiverged = true;
        const { generation, ticks, what } = message;
        return [
          { do: 'emit', event: { type: 'diverged', generation, ticks, what } },
          ...this.decide(nowMs),
        ];
      }
    }
  }

  private progress({ executedVirtualNs, diskReadsDone }: Progress): Action[] {
    const actions: Action[] = [];
    if (diskReadsDone > this.diskReadsDone) {
      this.diskReadsDone = diskReadsDone;
      actions.push({ do: 'disk-reads-done', count: diskReadsDone });
    }
    // What the backup has and has not executed: the rest would be lost with this host, and nobody executed it.
    const lagNs = this.acknowledgedNs - executedVirtualNs;
    this.lagNs = lagNs > 0n ? lagNs : 0n;
    // A backup that is given checkpoints executes nothing: slowing the guest would not bring it closer.
    if (this.options.replication === 'checkpoint') return actions;
    const share = this.lag.update(Number(this.lagNs) / 1e6);
    if (share !== null) actions.push({ do: 'set-speed-limit', share });
    return actions;
  }

  private ack(sequence: bigint, nowMs: number): Action[] {
    const wrong = this.buffer.acknowledge(sequence);
    if (wrong !== null) return this.breakChannel(wrong, nowMs);
    const actions: Action[] = [{ do: 'acknowledge', sequence }];
    this.permission.acknowledged(sequence);
    this.segmentEnds.take(sequence, (virtualNs) => {
      this.acknowledgedNs = virtualNs;
    });
    const more = this.gate.acknowledge(sequence) !== null;
    if (more || nowMs > this.grantedUntilMs) actions.push(...this.release(nowMs, more));
    if (!this.buffer.full) this.stallShown = false;
    if (this.guestStopped !== null) actions.push(...this.decide(nowMs));
    if (this.handOver === 'paused') actions.push(...this.sendHandOver(nowMs));
    return actions;
  }

  private heartbeat(event: Extract<RoleEvent, { type: 'heartbeat' }>, nowMs: number): Action[] {
    const { generation, counter, echo, ageMs } = event;
    const before = this.pulse.beatsHeard;
    this.pulse.heartbeat(generation, counter, nowMs, ageMs);
    const news = this.pulse.beatsHeard > before && this.permission.echoed(echo);
    // Once the flag has been tried, nothing that was said before permits anything.
    if (!news || this.state === 'arbitrating' || this.channel !== 'open') return [];
    return this.release(nowMs);
  }

  private rested(beats: readonly RestBeat[], nowMs: number): Action[] {
    this.pulse.rested(beats);
    let news = false;
    for (const { atMs, sent, heard } of beats) {
      for (const { echo } of heard) news = this.permission.echoed(echo) || news;
      this.permission.beatSent(sent, atMs);
    }
    return news ? this.release(nowMs) : [];
  }

  /** What the gate has let go may leave, as long as the backup is known not to be live. `more`: it has just let something go. */
  private release(nowMs: number, more = false): Action[] {
    // A machine that is handed over shows nothing any more: its backup does, from where this one is known to be.
    if (this.state === 'handing-over') return [];
    const { untilMs } = this.permission;
    this.grantedUntilMs = untilMs;
    this.outputsWait = nowMs > untilMs && (this.outputsWait || more);
    const tell = this.state === 'draining';
    return [{ do: 'release-outputs', through: this.gate.released, untilMs, tell }];
  }

  private beginHandOver(nowMs: number): Action[] {
    if (this.state !== 'protected') {
      const message = `a primary that is ${this.state} cannot hand its machine over`;
      return [{ do: 'hand-over-failed', error: new VmftError('wrong-mode', message) }];
    }
    this.state = 'handing-over';
    this.handOver = 'pausing';
    this.patienceUntilMs = nowMs + this.settings.handOverMs;
    const { generation } = this;
    return [{ do: 'emit', event: { type: 'handing-over', generation } }, { do: 'pause' }];
  }

  /** Once the backup holds all of the log: not before its first segment, which commits it. */
  private sendHandOver(nowMs: number): Action[] {
    if (this.state !== 'handing-over' || !this.buffer.settled || this.buffer.next === 0n) return [];
    this.handOver = 'sent';
    this.patienceUntilMs = nowMs + this.settings.handOverMs;
    const { generation, link } = this;
    return [{ do: 'send', link, message: { kind: 'hand-over', generation } }];
  }

  private takenOver(nowMs: number): Action[] {
    if (this.handOver !== 'sent') {
      const text = 'the backup took over what was not given to it';
      return this.breakChannel(new VmftError('message-unexpected', text), nowMs);
    }
    this.handOver = 'taken';
    return this.decide(nowMs);
  }

  /** The machine stays here. Outputs that are acknowledged leave, now that the guest runs on. */
  private handOverFailed(error: VmftError, options: LiveOptions | null, nowMs: number): Action[] {
    if (this.handOver === 'none') return [];
    this.handOver = 'none';
    const { generation } = this;
    const resume: Action[] = options === null ? [] : [{ do: 'resume', options }];
    return [
      ...resume,
      ...this.release(nowMs),
      { do: 'emit', event: { type: 'hand-over-failed', generation, error } },
      { do: 'hand-over-failed', error },
    ];
  }

  private tick(nowMs: number): Action[] {
    // Beats go on while arbitrating: they tell the backup of a broken channel to wait (B7).
    const beats = this.pulse.tick(nowMs);
    if (beats.length > 0) this.permission.beatSent(this.pulse.lastSent, nowMs);
    return [
      ...beats,
      ...this.decide(nowMs),
      ...this.giveUpHandOver(nowMs),
      ...this.arbitration.tick(nowMs),
    ];
  }

  /** Before HandOver is sent, a backup that is too slow costs no more than the time. */
  private giveUpHandOver(nowMs: number): Action[] {
    const waits = this.handOver === 'pausing' || this.handOver === 'paused';
    if (this.state !== 'handing-over' || !waits || nowMs <= this.patienceUntilMs) return [];
    this.state = 'protected';
    this.patienceUntilMs = Infinity;
    const message = 'the backup did not acknowledge all of the log in time';
    return this.handOverFailed(new VmftError('peer-lost', message), this.liveOptions(), nowMs);
  }

  private stopped(stopped: Stopped, nowMs: number): Action[] {
    if (!isGuestEnd(stopped.reason)) {
      const error = new VmftError('peer-lost', `the primary stops: ${stopped.message}`);
      this.state = 'ended';
      const close: Action[] =
        this.channel === 'open' ? [{ do: 'close-link', link: this.link, error }] : [];
      return [...close, { do: 'end', end: guestEnd(stopped) }];
    }
    this.guestStopped = stopped;
    this.patienceUntilMs = nowMs + this.settings.drainMs;
    if (this.state === 'arbitrating') return this.decide(nowMs);
    this.state = 'draining';
    const ended = this.handOverFailed(new VmftError('peer-lost', 'the guest ended'), null, nowMs);
    return [...ended, ...this.release(nowMs), ...this.decide(nowMs)];
  }

  private decide(nowMs: number): Action[] {
    const silent = this.pulse.silenceMs > this.settings.suspectAfterMs;
    const row = decideFailover({
      role: 'primary',
      committed: true,
      channel: this.channel,
      peer: silent ? 'silent' : 'heard',
      patience: nowMs > this.patienceUntilMs ? 'over' : 'left',
      guest: this.guestStopped === null ? 'running' : 'ended',
      settled: this.buffer.settled && this.outputsLeft >= this.gate.released,
      diverged: this.peerDiverged,
      handOver: this.handOver === 'taken' ? 'taken' : this.handOver === 'sent' ? 'given' : 'none',
      flag: this.arbitration.flag,
    });
    switch (row.decision) {
      case 'arbitrate':
        return this.suspect(row, nowMs);
      case 'go-alone':
        return this.goAlone(nowMs);
      case 'finish':
        return this.finish();
      case 'stop':
        this.state = 'ended';
        // Whoever has the flag has it by our leave.
        if (this.givenAway) return [{ do: 'end', end: handedOver }];
        return [endWith(lostArbitration(this.generation, this.fault))];
      default:
        return [];
    }
  }

  private suspect(row: FailoverRow, nowMs: number): Action[] {
    this.state = 'arbitrating';
    const { generation } = this;
    const { silenceMs } = this.pulse;
    const actions: Action[] = [
      {
        do: 'emit',
        event: { type: 'suspected', generation, rule: row.label, silenceMs, reason: row.why },
      },
    ];
    if (this.channel === 'open') {
      this.channel = 'broken';
      const error = new VmftError('peer-lost', 'the primary gave the generation up: ' + row.why);
      actions.push({ do: 'close-link', link: this.link, error });
    }
    return [...actions, ...this.arbitration.start(nowMs)];
  }

  private goAlone(nowMs: number): Action[] {
    this.state = 'ended';
    const { generation, settings } = this;
    const lost: Action = { do: 'emit', event: { type: 'backup-lost', generation } };
    this.gate.alone();
    const release: Action = { do: 'release-outputs', through: null, untilMs: Infinity };
    if (this.guestStopped !== null) {
      return [lost, release, { do: 'end', end: guestEnd(this.guestStopped) }];
    }
    const options = aloneOptions(generation, settings);
    const error = new VmftError('peer-lost', 'the backup was lost before it took the machine over');
    const kept = this.handOverFailed(error, options, nowMs);
    return [
      lost,
      ...(kept.length > 0 ? kept : [{ do: 'reconfigure', options } as const]),
      release,
      { do: 'set-speed-limit', share: 1 },
      { do: 'become', role: new AloneRole(generation, this.options.identity, settings) },
    ];
  }

  private finish(): Action[] {
    this.state = 'ended';
    if (this.givenAway) {
      const close: Action = { do: 'close-link', link: this.link, error: null };
      return [close, { do: 'end', end: handedOver }];
    }
    const end = this.guestStopped === null ? null : guestEnd(this.guestStopped);
    return [
      { do: 'close-link', link: this.link, error: null },
      {
        do: 'end',
        end: end ?? failure(new VmftError('internal', 'the guest ended without a reason')),
      },
    ];
  }

  private breakChannel(error: VmftError, nowMs: number): Action[] {
    this.channel = 'broken';
    this.fault = error;
    return [
      ...this.complain(error),
      { do: 'close-link', link: this.link, error },
      ...this.decide(nowMs),
    ];
  }

  private complain(error: VmftError | null): Action[] {
    if (error === null) return [];
    return [{ do: 'emit', event: { type: 'channel-broken', generation: this.generation, error } }];
  }
}

type OfJoin = Extract<
  FromBackup,
  { kind: 'hello' | 'prepared' | 'copy-progress' | 'state-ready' | 'declined' }
>;

function isOfJoin(message: FromBackup): message is OfJoin {
  switch (message.kind) {
    case 'hello':
    case 'prepared':
    case 'copy-progress':
    case 'state-ready':
    case 'declined':
      return true;
    default:
      return false;
  }
}

/** What is wrong with a message's generation, or null. */
export function generationFault(got: bigint, own: bigint, kind: string): VmftError | null {
  if (got === own) return null;
  const message = `the peer sent ${kind} of generation ${got} in generation ${own}`;
  return new VmftError(got < own ? 'generation-old' : 'generation-unknown', message);
}

/** `fault`: what made this replica try, where it was more than silence. */
export function lostArbitration(generation: bigint, fault: VmftError | null): VmftError {
  const after = fault === null ? '' : ` (it tried because: ${fault.message})`;
  return new VmftError(
    'arbitration-lost',
    `the other replica has generation ${generation}; this one stops${after}`,
    'nothing: the machine runs on the other host; start a new backup to protect it again',
  );
}
