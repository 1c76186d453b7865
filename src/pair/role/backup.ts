import { VmftError } from '../../base/errors.js';
import {
  announceAfterMs,
  copyProgressEveryMs,
  copyShownEveryMs,
  protocolVersion,
  type PairSettings,
} from '../../base/limits.js';
import type { ExecutionProgress, FedSegment, Stopped } from '../../flow/machine/machine.js';
import type { FromPrimary, HandOver, LogFrame, Welcome } from '../channel/messages.js';
import {
  aloneOptions,
  AloneRole,
  endWith,
  noBackup,
  refuse,
  type MachineIdentity,
} from './alone.js';
import { Arbitration } from './arbitration.js';
import { decideFailover, type FailoverRow, type Situation } from './failover-table.js';
import { guestEnd, isDivergence, isGuestEnd } from './pair-event.js';
import { liveAfterMsOf } from './output-permission.js';
import { busyLogMs, PeerPulse, type Rest } from './peer-pulse.js';
import { generationFault, lostArbitration } from './primary.js';
import { StateIntake } from './state-intake.js';
import type { Action, LinkId, PairStatus, Role, RoleEvent } from './role.js';

export interface BackupOptions {
  readonly link: LinkId;
  readonly identity: MachineIdentity;
  /** Guest memory that this host gives; 0 = no limit. */
  readonly memoryBytesMax: bigint;
  readonly settings: PairSettings;
}

/**
 * The backup of a pair: holds the log and executes it a moment later, showing nothing.
 *
 *   joining      Hello is sent; Welcome comes, and is answered by    ── all of it restored and
 *                Prepared once this host is ready to be the machine;   flushed ──► ready
 *                then disks, memory and state (state-intake.ts).  ── declined (no such CPU here) ──► ended
 *   ready        StateReady is sent. The primary may not have        ── first frame ──► following
 *                received it, and then runs on alone.                ── B2–B4 ──► ended
 *   following    each frame is checked, queued and acknowledged.     ── fault, link lost ──► waiting
 *                From here on this replica may go live.              ── ended in order ──► finishing
 *                                                                    ── B10, B11 ──► arbitrating
 *   waiting      the channel is broken, but the primary beats (B7).  ── B8 ──► arbitrating
 *   finishing    the rest of the log has the guest's end (B6).       ── B5 ──► ended
 *                                                                    ── B9 ──► arbitrating
 *   arbitrating  nothing is received or acknowledged any more;       ── won (A2) ──► going-live
 *                execution goes on.                                  ── lost (A1) ──► ended
 *   going-live   executes to the log's end.                          ── live ──► AloneRole
 *   ended        nothing is shown any more.
 */
export class BackupRole implements Role {
  readonly name = 'backup';
  readonly showsUntilMs = Infinity;
  private state: BackupPhase = 'joining';
  private readonly link: LinkId;
  private readonly settings: PairSettings;
  private readonly intake: StateIntake;
  private generationNumber = 0n;
  private pulse: PeerPulse;
  private arbitration: Arbitration;
  private channel: Situation['channel'] = 'open';
  private fault: VmftError | null = null;
  private patienceUntilMs: number;
  private guestStopped: Stopped | null = null;
  private diverged: Stopped | null = null;
  private handedOver = false;
  private copyShownMs = -Infinity;
  private copyShownBytes = 0;
  private copyBytes = 0;
  private progressSaidMs = -Infinity;
  private nextSequence = 0n;
  /** When the last log frame came, and the one before it. */
  private frameMs = -Infinity;
  private frameBeforeMs = -Infinity;
  private executedThrough = -1n;
  private suspectedMs = 0;
  private arbitrationMs = 0;

  constructor(
    private readonly options: BackupOptions,
    nowMs: number,
  ) {
    this.link = options.link;
    this.settings = options.settings;
    this.intake = new StateIntake();
    this.pulse = new PeerPulse(0n, options.settings, nowMs);
    this.arbitration = new Arbitration(0n, options.settings);
    this.patienceUntilMs = nowMs + options.settings.joinStallMs;
  }

  get phase(): string {
    return this.state;
  }

  get generation(): bigint {
    return this.generationNumber;
  }

  get pair(): PairStatus | null {
    if (this.generation === 0n) return null;
    const { peer, replication } = this.intake;
    return { peer, replication, lagNs: null, copy: null };
  }

  start(): Action[] {
    const { build, accelerator, replicaId, replays } = this.options.identity;
    const { memoryBytesMax } = this.options;
    const hello = { protocolVersion, build, accelerator, replicaId, memoryBytesMax, replays };
    const liveAfterMs = liveAfterMsOf(this.settings);
    return [{ do: 'send', link: this.link, message: { kind: 'hello', ...hello, liveAfterMs } }];
  }

  handle(event: RoleEvent, nowMs: number): Action[] {
    if (this.state === 'ended') return [];
    switch (event.type) {
      case 'message':
        if (event.link !== this.link) return refuse(event.link, 'this replica is a backup itself');
        return this.message(event.message as FromPrimary, nowMs);
      case 'link-closed':
        if (event.link !== this.link) return [];
        return this.linkClosed(event.clean, event.error, nowMs);
      case 'heartbeat':
        return this.heartbeat(event, nowMs);
      case 'rested':
        this.pulse.rested(event.beats);
        return [];
      case 'machine-made':
        this.intake.made = true;
        return this.preparation(nowMs);
      case 'machine-refused':
      case 'copy-failed':
        return this.state === 'joining' ? this.decline(event.error) : [];
      case 'formation':
        if (event.error !== null) return this.giveUp(event.error);
        this.intake.shared = true;
        return this.preparation(nowMs);
      case 'chunks-taken':
        return this.chunksTaken(event.chunks, event.bytes, nowMs);
      case 'restored':
        this.intake.restored = true;
        return this.readiness(nowMs);
      case 'disks-flushed':
        this.intake.flushed = true;
        return this.readiness(nowMs);
      case 'hand-over':
        return [{ do: 'hand-over-failed', error: noBackup }];
      case 'fed':
        return this.fed(event.fed);
      case 'feed-refused':
        return this.breakChannel(event.error, nowMs);
      case 'executed':
        return this.executed(event.progress);
      case 'stopped':
        return this.stopped(event.stopped, nowMs);
      case 'live':
        return this.live(nowMs);
      case 'arbitration':
        return [
          ...this.arbitration.result(event.generation, event.result, nowMs),
          ...this.decide(nowMs),
        ];
      case 'tick':
        return this.tick(nowMs);
      default:
        return [];
    }
  }

  tickAfterMs(nowMs: number): number {
    return this.pulse.tickAfterMs(this.calm(nowMs), nowMs);
  }

  rest(nowMs: number): Rest | null {
    return this.calm(nowMs) ? this.pulse.rest(nowMs) : null;
  }

  private calm(nowMs: number): boolean {
    const quiet = nowMs - this.frameBeforeMs > busyLogMs;
    const follows = this.state === 'following' && this.channel === 'open' && !this.handedOver;
    return follows && quiet && this.guestStopped === null && this.diverged === null;
  }

  private message(message: FromPrimary, nowMs: number): Action[] {
    if (this.channel !== 'open' || this.handedOver) return [];
    this.pulse.heard(nowMs);
    if (message.kind === 'log-frame') return this.logFrame(message, nowMs);
    if (message.kind === 'hand-over') return this.handOver(message, nowMs);
    if (this.state !== 'joining') {
      const text = `the primary sent ${message.kind} at the wrong time`;
      return this.breakChannel(new VmftError('message-unexpected', text), nowMs);
    }
    this.patienceUntilMs = nowMs + this.settings.joinStallMs;
    if (message.kind === 'refused') {
      return this.giveUp(new VmftError('peer-refused', `the primary refused: ${message.reason}`));
    }
    const taken = this.intake.take(message);
    if (taken instanceof VmftError) return this.giveUp(taken);
    return message.kind === 'welcome' ? [...this.welcomed(message, nowMs), ...taken] : taken;
  }

  private welcomed(welcome: Welcome, nowMs: number): Action[] {
    const { generation, machineId } = welcome;
    this.generationNumber = generation;
    this.pulse = new PeerPulse(generation, this.settings, nowMs);
    this.arbitration = new Arbitration(generation, this.settings);
    return [{ do: 'verify-formation', machineId, generation }];
  }

  /** The primary is told why, so that whoever looks there knows as well. */
  private decline(error: VmftError): Action[] {
    const { link } = this;
    const reason = error.message;
    this.channel = 'ended';
    this.state = 'ended';
    return [
      { do: 'send', link, message: { kind: 'declined', reason } },
      { do: 'close-link', link, error: null },
      endWith(error),
    ];
  }

  private logFrame(message: LogFrame, nowMs: number): Action[] {
    if (this.state !== 'ready' && this.state !== 'following') {
      const text = 'the primary sent a log frame before the state was complete';
      return this.breakChannel(new VmftError('message-unexpected', text), nowMs);
    }
    this.frameBeforeMs = this.frameMs;
    this.frameMs = nowMs;
    const wrong =
      generationFault(message.generation, this.generation, 'a log frame') ??
      sequenceFault(message.sequence, this.nextSequence);
    return wrong === null
      ? [{ do: 'feed', frame: message.frame }]
      : this.breakChannel(wrong, nowMs);
  }

  /** All of the log is here: it came in order, and this is the channel's last message. */
  private handOver(message: HandOver, nowMs: number): Action[] {
    if (this.state !== 'following') {
      const text = 'the primary handed the machine over before the log began';
      return this.breakChannel(new VmftError('message-unexpected', text), nowMs);
    }
    const { generation } = this;
    const wrong = generationFault(message.generation, generation, 'a hand-over');
    if (wrong !== null) return this.breakChannel(wrong, nowMs);
    this.handedOver = true;
    return [{ do: 'emit', event: { type: 'handed-over', generation } }, ...this.decide(nowMs)];
  }

  private fed(fed: FedSegment): Action[] {
    const { generation, nextSequence: sequence } = this;
    const { replication } = this.intake;
    this.nextSequence += 1n;
    const actions: Action[] = [
      { do: 'release-outputs', through: fed.outputsReleased, untilMs: Infinity },
    ];
    // Whoever may go live promises nothing any more.
    if (this.channel === 'open') {
      actions.push({ do: 'send', link: this.link, message: { kind: 'ack', generation, sequence } });
    }
    if (this.state === 'ready') {
      this.state = 'following';
      actions.push({
        do: 'emit',
        event: { type: 'formed', generation, role: 'backup', replication },
      });
    }
    return actions;
  }

  private executed(progress: ExecutionProgress): Action[] {
    this.executedThrough = progress.sequence;
    if (this.state !== 'following') return [];
    const { generation } = this;
    const { position, virtualNs, digestsChecked, diskReadsDone } = progress;
    const executed = { executedTicks: position.ticks, executedVirtualNs: virtualNs };
    const done = { digestsChecked, diskReadsDone };
    return [
      {
        do: 'send',
        link: this.link,
        message: { kind: 'progress', generation, ...executed, ...done },
      },
    ];
  }

  private stopped(stopped: Stopped, nowMs: number): Action[] {
    if (isGuestEnd(stopped.reason)) {
      this.guestStopped = stopped;
      // Going live into the guest's end: the last outputs are out, and that was all.
      if (this.state === 'going-live') return this.finish();
      return this.decide(nowMs);
    }
    if (!isDivergence(stopped.reason) || this.state === 'going-live') {
      this.state = 'ended';
      return [...this.hangUp(stopped.message), { do: 'end', end: guestEnd(stopped) }];
    }
    this.diverged = stopped;
    return this.decide(nowMs);
  }

  private linkClosed(clean: boolean, error: VmftError | null, nowMs: number): Action[] {
    if (this.channel !== 'open') return [];
    const inOrder = clean && error === null;
    this.channel = inOrder ? 'ended' : 'broken';
    this.fault = error;
    this.patienceUntilMs = nowMs + this.settings.brokenChannelPatienceMs;
    if (this.state === 'following') this.state = inOrder ? 'finishing' : 'waiting';
    return [...this.complain(error), ...this.decide(nowMs)];
  }

  private breakChannel(error: VmftError, nowMs: number): Action[] {
    if (this.channel !== 'open') return [];
    const close: Action = { do: 'close-link', link: this.link, error };
    return [close, ...this.linkClosed(false, error, nowMs)];
  }

  private tick(nowMs: number): Action[] {
    const due = this.pulse.tick(nowMs);
    const beat = this.generation === 0n || this.channel !== 'open' ? [] : due;
    // The end in order counts from the moment at which the log is executed, however long that takes.
    if (this.state === 'finishing' && this.executedThrough + 1n < this.nextSequence) {
      this.patienceUntilMs = nowMs + this.settings.brokenChannelPatienceMs;
    }
    return [
      ...beat,
      ...this.signOfLife(nowMs),
      ...this.decide(nowMs),
      ...this.arbitration.tick(nowMs),
    ];
  }

  private signOfLife(nowMs: number): Action[] {
    if (this.state !== 'joining' || !this.intake.copying) return [];
    return nowMs - this.progressSaidMs < copyProgressEveryMs ? [] : this.sayProgress(nowMs);
  }

  private sayProgress(nowMs: number): Action[] {
    this.progressSaidMs = nowMs;
    const { generation, link } = this;
    const { taken: chunks } = this.intake;
    return [{ do: 'send', link, message: { kind: 'copy-progress', generation, chunks } }];
  }

  private heartbeat(event: Extract<RoleEvent, { type: 'heartbeat' }>, nowMs: number): Action[] {
    const { generation, counter, ageMs } = event;
    const before = this.pulse.beatsHeard;
    this.pulse.heartbeat(generation, counter, nowMs, ageMs);
    if (this.pulse.beatsHeard === before) return [];
    // While the guest runs a primary that beats is at work, however slow its disks are.
    if (this.state === 'joining' && this.intake.early) {
      this.patienceUntilMs = nowMs + this.settings.joinStallMs;
    }
    const answer = this.channel === 'open' ? [this.pulse.answer(nowMs)] : [];
    return [...answer, ...this.preparation(nowMs)];
  }

  /** Prepared, once this host can be the machine and failover is known to be possible. */
  private preparation(nowMs: number): Action[] {
    if (this.state !== 'joining' || !this.intake.preparable) return [];
    if (this.pulse.beatsHeard === 0) {
      this.patienceUntilMs = nowMs + this.settings.heartbeatProbeMs;
      return [];
    }
    this.intake.prepared();
    this.progressSaidMs = nowMs;
    this.patienceUntilMs = nowMs + this.settings.joinStallMs;
    const { generation, link } = this;
    return [{ do: 'send', link, message: { kind: 'prepared', generation } }, { do: 'clear-disks' }];
  }

  private chunksTaken(chunks: bigint, bytes: number, nowMs: number): Action[] {
    if (this.state !== 'joining') return [];
    this.intake.taken = chunks;
    this.copyBytes = bytes;
    return [...this.sayProgress(nowMs), ...this.showCopy(nowMs)];
  }

  private showCopy(nowMs: number): Action[] {
    const sinceMs = nowMs - this.copyShownMs;
    if (sinceMs < copyShownEveryMs) return [];
    const { generation, copyBytes: bytes } = this;
    const bytesPerSecond = Math.round(((bytes - this.copyShownBytes) * 1000) / sinceMs);
    this.copyShownMs = nowMs;
    this.copyShownBytes = bytes;
    return [{ do: 'emit', event: { type: 'copy-received', generation, bytes, bytesPerSecond } }];
  }

  /**
   * StateReady, once the image is whole and the disks are flushed. The machine begins by issuing the writes that are pending
   * in its state, and a piece of the copy that is older than these must not come behind them.
   */
  private readiness(nowMs: number): Action[] {
    if (this.state !== 'joining' || !this.intake.ready) return [];
    this.state = 'ready';
    this.patienceUntilMs = nowMs + this.settings.joinStallMs;
    const { generation, link, copyBytes: bytes } = this;
    const { replication } = this.intake;
    return [
      { do: 'start-replica', generation, replication },
      { do: 'send', link, message: { kind: 'state-ready', generation } },
      { do: 'emit', event: { type: 'state-received', bytes } },
    ];
  }

  private get committed(): boolean {
    return this.nextSequence > 0n;
  }

  private decide(nowMs: number): Action[] {
    if (this.state === 'going-live' || this.state === 'ended') return [];
    const { suspectAfterMs, suspectAfterBrokenChannelMs } = this.settings;
    const limitMs = this.channel === 'open' ? suspectAfterMs : suspectAfterBrokenChannelMs;
    const row = decideFailover({
      role: 'backup',
      committed: this.committed,
      channel: this.channel,
      peer: this.pulse.silenceMs > limitMs ? 'silent' : 'heard',
      patience: nowMs > this.patienceUntilMs ? 'over' : 'left',
      guest: this.guestStopped === null ? 'running' : 'ended',
      settled: false,
      diverged: this.diverged !== null,
      handOver: this.handedOver ? 'given' : 'none',
      flag: this.arbitration.flag,
    });
    switch (row.decision) {
      case 'arbitrate':
        return this.suspect(row, nowMs);
      case 'go-live':
        return this.goLive(nowMs);
      case 'finish':
        return this.finish();
      case 'discard':
        return this.discard();
      case 'stop':
        return this.stop(row);
      default:
        return [];
    }
  }

  private suspect(row: FailoverRow, nowMs: number): Action[] {
    this.state = 'arbitrating';
    this.suspectedMs = nowMs;
    const { generation } = this;
    // Nobody is suspected. The channel stays until the flag is won, so that the primary can be told.
    if (this.handedOver) return this.arbitration.start(nowMs);
    const silenceMs = Math.max(this.pulse.silenceMs, nowMs - this.pulse.lastHeardMs);
    const reason = this.fault === null ? row.why : `${row.why} (${this.fault.message})`;
    return [
      { do: 'emit', event: { type: 'suspected', generation, rule: row.label, silenceMs, reason } },
      ...this.hangUp(row.why),
      ...this.arbitration.start(nowMs),
    ];
  }

  private goLive(nowMs: number): Action[] {
    this.state = 'going-live';
    this.arbitrationMs = nowMs - this.arbitration.startMs;
    const { generation, settings } = this;
    const segmentsBehind = this.nextSequence - 1n - this.executedThrough;
    const actions: Action[] = [
      { do: 'emit', event: { type: 'going-live', generation, segmentsBehind } },
      ...this.takeLeave(),
      { do: 'go-live', options: aloneOptions(generation, settings) },
    ];
    return this.guestStopped === null ? actions : [...actions, ...this.finish()];
  }

  /** A primary that handed over waits for it. */
  private takeLeave(): Action[] {
    if (this.channel !== 'open') return [];
    this.channel = 'ended';
    const { generation, link } = this;
    return [
      { do: 'send', link, message: { kind: 'taken-over', generation } },
      { do: 'close-link', link, error: null },
    ];
  }

  private live(nowMs: number): Action[] {
    if (this.state !== 'going-live') return [];
    this.state = 'ended';
    const { generation, arbitrationMs, suspectedMs, settings } = this;
    const detectMs = suspectedMs - this.pulse.lastHeardMs;
    const goLiveMs = nowMs - suspectedMs;
    return [
      ...announceAfterMs.map((afterMs): Action => ({ do: 'announce', afterMs })),
      { do: 'emit', event: { type: 'live', generation, detectMs, arbitrationMs, goLiveMs } },
      { do: 'become', role: new AloneRole(generation, this.options.identity, settings) },
    ];
  }

  private finish(): Action[] {
    if (this.guestStopped === null) return [];
    this.state = 'ended';
    return [{ do: 'end', end: guestEnd(this.guestStopped) }];
  }

  /** Before it ends, a diverged backup says so: the primary need not wait for silence (P2). */
  private discard(): Action[] {
    const { generation, diverged, link } = this;
    if (diverged === null) return [];
    this.state = 'ended';
    const { ticks } = diverged.position;
    const what = diverged.message;
    const told: Action[] =
      this.channel === 'open' && generation !== 0n
        ? [
            { do: 'send', link, message: { kind: 'divergence', generation, ticks, what } },
            { do: 'close-link', link, error: null },
          ]
        : [];
    return [
      { do: 'emit', event: { type: 'diverged', generation, ticks, what } },
      ...told,
      { do: 'end', end: guestEnd(diverged) },
    ];
  }

  private stop(row: FailoverRow): Action[] {
    if (row.label === 'A1') {
      this.state = 'ended';
      return [endWith(lostArbitration(this.generation, this.fault))];
    }
    if (this.fault !== null) return this.giveUp(this.fault);
    if (row.label !== 'B4') {
      return this.giveUp(new VmftError('peer-lost', 'the primary went away during the join'));
    }
    const udp = this.intake.made && this.pulse.beatsHeard === 0;
    return this.giveUp(
      udp
        ? new VmftError(
            'heartbeat-blocked',
            'no heartbeat came from the primary',
            `let UDP through to and from the primary’s port ${this.intake.heartbeatPort}`,
          )
        : new VmftError('join-timeout', 'the join made no progress', 'look at the primary'),
    );
  }

  /** The join is over; this replica was never part of the pair. */
  private giveUp(error: VmftError): Action[] {
    const hangUp = this.hangUp(error.message);
    this.state = 'ended';
    return [...hangUp, endWith(error)];
  }

  private hangUp(reason: string): Action[] {
    if (this.channel !== 'open') return [];
    this.channel = 'broken';
    return [{ do: 'close-link', link: this.link, error: new VmftError('peer-lost', reason) }];
  }

  private complain(error: VmftError | null): Action[] {
    if (error === null) return [];
    return [{ do: 'emit', event: { type: 'channel-broken', generation: this.generation, error } }];
  }
}

type BackupPhase =
  | 'joining'
  | 'ready'
  | 'following'
  | 'waiting'
  | 'finishing'
  | 'arbitrating'
  | 'going-live'
  | 'ended';

function sequenceFault(got: bigint, due: bigint): VmftError | null {
  if (got === due) return null;
  const message = `the primary sent segment ${got} where ${due} was due`;
  return new VmftError(got < due ? 'sequence-repeated' : 'sequence-gap', message);
}
