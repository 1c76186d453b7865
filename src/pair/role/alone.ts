import { VmftError } from '../../base/errors.js';
import { copyShownEveryMs, protocolVersion, type PairSettings } from '../../base/limits.js';
import type { LiveOptions, Replication, Stopped } from '../../flow/machine/machine.js';
import type { CopyProgress, FromBackup, Hello } from '../channel/messages.js';
import { failure, guestEnd, isGuestEnd, type CopyStatus } from './pair-event.js';
import { PeerPulse } from './peer-pulse.js';
import { PrimaryRole } from './primary.js';
import { chooseReplication, type ReplicationChoice } from './replication-choice.js';
import type { Action, LinkId, PairStatus, Role, RoleEvent } from './role.js';

/** What a replica is, for whoever would form a pair with it. */
export interface MachineIdentity {
  readonly build: string;
  readonly accelerator: string;
  readonly replicaId: string;
  readonly memoryBytes: bigint;
  /** Positions are exact on this host: it can execute a log, and record one. */
  readonly replays: boolean;
  /** Of the pairs that it is the primary of. */
  readonly replication: ReplicationChoice;
}

/**
 * A replica that talks to the world by itself: a machine that was never protected, or one whose
 * generation this replica has won. Its outputs leave at once.
 *
 *   alone          no peer.                                          ── hello ──► forming
 *   forming        the next generation is being recorded with the    ── formation ──► preparing
 *                  arbiter; the machine runs, as in the two states
 *                  that follow.                                      ── link lost, error ──► alone
 *   preparing      Welcome is sent; the backup opens its disks and   ── Prepared ──► copying
 *                  makes its machine; heartbeats begin.              ── Declined, no progress ──► alone
 *   copying        private disks and memory are on the wire, again   ── copy-settled ──► pausing
 *                  and again what the guest changed meanwhile.       ── fault, no progress ──► alone
 *   pausing        the vCPU is asked to stop.                        ── paused ──► finishing
 *   finishing      the machine is paused, the last changes and the   ── StateReady ──► PrimaryRole
 *                  state on the wire.                                ── link lost, no progress ──► alone
 *   ended          the machine is gone.
 *
 * Nothing is committed before StateReady: a join that fails leaves a backup without a single frame of
 * the generation, which by rules B2–B4 never goes live. The number is spent all the same, so that no
 * message of the failed join can be taken for one of the next.
 */
export class AloneRole implements Role {
  readonly name = 'alone';
  readonly showsUntilMs = Infinity;
  private state: AlonePhase = 'alone';
  private link: LinkId | null = null;
  private peer = '';
  private replication: Replication = 'replay';
  private joining = 0n;
  private highest: bigint;
  private outputsReleased = 0n;
  private backupLiveAfterMs = 0;
  private progressMs = 0;
  private chunksTaken = 0n;
  private copy: CopyStatus | null = null;
  private copyShownMs = -Infinity;
  private copyBeganMs = 0;
  private pauseBeganMs = 0;
  private pauseMs = 0;
  /** Null: the image is not whole yet. */
  private sentBytes: number | null = null;
  private pulse: PeerPulse | null = null;

  constructor(
    readonly generation: bigint,
    private readonly identity: MachineIdentity,
    private readonly settings: PairSettings,
  ) {
    this.highest = generation;
  }

  get phase(): string {
    return this.state;
  }

  get pair(): PairStatus | null {
    if (this.copy === null) return null;
    const { peer, replication, copy } = this;
    return { peer, replication, lagNs: null, copy: { ...copy, pauseMs: this.pauseMs } };
  }

  /** Nothing happens by time alone but to a join. */
  tickAfterMs(): number {
    const { tickIntervalMs } = this.settings;
    return this.state === 'preparing' || this.copying ? tickIntervalMs : restingTickMs;
  }

  /** What ticks it has are once a second, or those of a join. */
  rest(): null {
    return null;
  }

  start(): Action[] {
    return [];
  }

  handle(event: RoleEvent, nowMs: number): Action[] {
    switch (event.type) {
      case 'message':
        return this.message(event.link, event.message as FromBackup, nowMs);
      case 'formation':
        return this.formation(event.generation, event.error, nowMs);
      case 'paused':
        return this.paused(event.outputsProduced, nowMs);
      case 'copy-status':
        return this.copyStatus(event.copy, nowMs);
      case 'copy-settled':
        if (this.state !== 'copying') return [];
        this.state = 'pausing';
        this.pauseBeganMs = nowMs;
        return [{ do: 'pause' }];
      case 'copy-failed':
        return this.callOff(event.error);
      case 'copy-sent':
        this.progressMs = nowMs;
        this.sentBytes = event.sentBytes;
        return [];
      case 'hand-over':
        return [{ do: 'hand-over-failed', error: noBackup }];
      case 'link-closed':
        if (event.link !== this.link) return [];
        return this.callOff(
          event.error ?? new VmftError('peer-lost', 'the backup left before it was ready'),
        );
      case 'heartbeat':
        this.heartbeat(event.generation, event.counter, nowMs, event.ageMs);
        return [];
      case 'tick':
        return this.tick(nowMs);
      case 'stopped':
        return this.stopped(event.stopped);
      default:
        return [];
    }
  }

  private message(link: LinkId, message: FromBackup, nowMs: number): Action[] {
    if (message.kind === 'hello') return this.hello(link, message);
    if (link !== this.link) return [];
    switch (message.kind) {
      case 'prepared':
        if (this.state !== 'preparing') return this.refuseMessage(message.kind);
        return this.ofThisJoin(message.generation, 'prepared') ?? this.prepared(link, nowMs);
      case 'copy-progress':
        if (!this.copying) return this.refuseMessage(message.kind);
        return (
          this.ofThisJoin(message.generation, 'on its way') ?? this.copyProgress(message, nowMs)
        );
      case 'state-ready':
        return this.stateReady(message.generation, nowMs);
      case 'declined': {
        const text = `the backup cannot take this machine: ${message.reason}`;
        return this.callOff(new VmftError('peer-refused', text));
      }
      default:
        return this.refuseMessage(message.kind);
    }
  }

  /** Null when the backup means the generation that is being formed. */
  private ofThisJoin(generation: bigint, what: string): Action[] | null {
    if (generation === this.joining) return null;
    const old = generation < this.joining;
    const message = `the backup is ${what} for generation ${generation}, not ${this.joining}`;
    return this.callOff(new VmftError(old ? 'generation-old' : 'generation-unknown', message));
  }

  private get copying(): boolean {
    return this.state === 'copying' || this.state === 'pausing' || this.state === 'finishing';
  }

  private hello(link: LinkId, hello: Hello): Action[] {
    if (link === this.link) return this.refuseMessage('hello');
    const objection = this.state === 'alone' ? this.objection(hello) : 'another backup is joining';
    if (objection !== null) return refuse(link, objection);
    const { replays, replication: choice } = this.identity;
    const chosen = chooseReplication(choice, replays, hello.replays);
    if (typeof chosen === 'string') return refuse(link, chosen);
    this.state = 'forming';
    this.link = link;
    this.peer = hello.replicaId;
    this.backupLiveAfterMs = hello.liveAfterMs;
    this.replication = chosen.replication;
    this.highest += 1n;
    this.joining = this.highest;
    this.chunksTaken = 0n;
    this.sentBytes = null;
    this.pauseMs = 0;
    this.copyShownMs = -Infinity;
    const { peer, joining: generation } = this;
    return [
      { do: 'emit', event: { type: 'joining', peer, generation, ...chosen } },
      { do: 'form', generation, replication: chosen.replication },
    ];
  }

  private objection(hello: Hello): string | null {
    const { build, accelerator, replicaId, memoryBytes } = this.identity;
    if (hello.protocolVersion !== protocolVersion) {
      return `this primary speaks protocol version ${protocolVersion}, the backup ${hello.protocolVersion}`;
    }
    if (hello.build !== build) {
      return `this primary is vmft ${build}, the backup ${hello.build}: install the same version on both hosts`;
    }
    if (hello.accelerator !== accelerator) {
      return `this primary runs on accelerator ${accelerator}, the backup on ${hello.accelerator}`;
    }
    if (hello.memoryBytesMax !== 0n && hello.memoryBytesMax < memoryBytes) {
      return `the guest has ${memoryBytes} bytes of memory, the backup’s host gives ${hello.memoryBytesMax}`;
    }
    if (hello.liveAfterMs < 1) {
      return 'the backup does not say how long it waits before it goes live';
    }
    return hello.replicaId === replicaId ? 'a replica cannot be its own backup' : null;
  }

  private formation(generation: bigint, error: VmftError | null, nowMs: number): Action[] {
    const { link } = this;
    if (this.state !== 'forming' || generation !== this.joining || link === null) return [];
    if (error !== null) {
      this.reset();
      return [
        ...refuse(link, error.message),
        { do: 'emit', event: { type: 'join-failed', error } },
      ];
    }
    this.state = 'preparing';
    this.progressMs = nowMs;
    this.pulse = new PeerPulse(generation, this.settings, nowMs);
    return [{ do: 'send-welcome', link, generation, replication: this.replication }];
  }

  private prepared(link: LinkId, nowMs: number): Action[] {
    this.state = 'copying';
    this.progressMs = nowMs;
    this.copyBeganMs = nowMs;
    return [{ do: 'copy', link }];
  }

  private copyStatus(copy: CopyStatus, nowMs: number): Action[] {
    if (!this.copying) return [];
    this.copy = copy;
    if (nowMs - this.copyShownMs < copyShownEveryMs) return [];
    this.copyShownMs = nowMs;
    return [{ do: 'emit', event: { type: 'copy', generation: this.joining, ...copy } }];
  }

  private copyProgress({ chunks }: CopyProgress, nowMs: number): Action[] {
    // The guest does not stand still for a backup that only says that it is there.
    if (chunks > this.chunksTaken || this.state === 'copying') this.progressMs = nowMs;
    this.chunksTaken = chunks;
    return [{ do: 'copied', chunks }];
  }

  /** While the guest runs, a backup that beats is alive, however slow its disks are. */
  private heartbeat(generation: bigint, counter: bigint, nowMs: number, ageMs: number): void {
    if (this.pulse === null) return;
    const before = this.pulse.beatsHeard;
    this.pulse.heartbeat(generation, counter, nowMs, ageMs);
    const early = this.state === 'preparing' || this.state === 'copying';
    if (early && this.pulse.beatsHeard > before) this.progressMs = nowMs;
  }

  private paused(outputsProduced: bigint, nowMs: number): Action[] {
    if (this.state !== 'pausing') return [];
    this.state = 'finishing';
    this.outputsReleased = outputsProduced;
    this.progressMs = nowMs;
    return [{ do: 'finish-copy', generation: this.joining }];
  }

  private stateReady(generation: bigint, nowMs: number): Action[] {
    const { sentBytes } = this;
    if (this.link === null || this.state !== 'finishing' || sentBytes === null) {
      return this.refuseMessage('state-ready');
    }
    const other = this.ofThisJoin(generation, 'ready');
    if (other !== null) return other;
    this.state = 'ended';
    const role = new PrimaryRole(
      {
        generation,
        link: this.link,
        peer: this.peer,
        replication: this.replication,
        cost: {
          pauseMs: nowMs - this.pauseBeganMs,
          copyMs: nowMs - this.copyBeganMs,
          sentBytes,
        },
        outputsReleased: this.outputsReleased,
        lastBeatSent: this.pulse?.lastSent ?? 0n,
        backupLiveAfterMs: this.backupLiveAfterMs,
        identity: this.identity,
        settings: this.settings,
      },
      nowMs,
    );
    return [{ do: 'become', role }];
  }

  private tick(nowMs: number): Action[] {
    if (this.state === 'finishing') this.pauseMs = nowMs - this.pauseBeganMs;
    if (this.state !== 'preparing' && !this.copying) return [];
    if (nowMs - this.progressMs > this.settings.joinStallMs) {
      const what = this.state === 'preparing' ? 'prepared' : 'took the machine in';
      return this.callOff(new VmftError('join-timeout', `the backup ${what} too slowly`));
    }
    return this.pulse?.tick(nowMs) ?? [];
  }

  private stopped(stopped: Stopped): Action[] {
    const link = this.link;
    this.state = 'ended';
    const error = isGuestEnd(stopped.reason)
      ? new VmftError('peer-lost', 'the guest ended during the join')
      : new VmftError('peer-lost', 'the primary is stopping');
    const close: Action[] = link === null ? [] : [{ do: 'close-link', link, error }];
    // The guest may have ended while it was still gated, on its way to being alone.
    const release: Action = { do: 'release-outputs', through: null, untilMs: Infinity };
    return [...close, release, { do: 'end', end: guestEnd(stopped) }];
  }

  private refuseMessage(kind: string): Action[] {
    const message = `the backup sent ${kind} at the wrong time`;
    return this.callOff(new VmftError('message-unexpected', message));
  }

  /** Gives the join up and runs on as before. */
  private callOff(error: VmftError): Action[] {
    const { link, state } = this;
    if (link === null || state === 'alone' || state === 'ended') return [];
    const told: Action[] = [
      { do: 'close-link', link, error },
      { do: 'emit', event: { type: 'join-failed', error } },
    ];
    this.reset();
    const options = aloneOptions(this.generation, this.settings);
    const resume: Action[] =
      state === 'pausing' || state === 'finishing' ? [{ do: 'resume', options }] : [];
    return [{ do: 'stop-copy' }, ...resume, ...told];
  }

  private reset(): void {
    this.state = 'alone';
    this.link = null;
    this.copy = null;
    this.pulse = null;
  }
}

type AlonePhase = 'alone' | 'forming' | 'preparing' | 'copying' | 'pausing' | 'finishing' | 'ended';

/** A tick of a replica that waits for nothing. */
const restingTickMs = 1_000;

/** What a replica without a backup of its own answers to a hand-over. */
export const noBackup = new VmftError(
  'wrong-mode',
  'this replica has no backup that could take the machine over',
  'wait until the machine is protected',
);

/** Turns a backup away. */
export function refuse(link: LinkId, reason: string): Action[] {
  return [
    { do: 'send', link, message: { kind: 'refused', reason } },
    { do: 'close-link', link, error: null },
  ];
}

/** Nothing waits and nothing is recorded. */
export function aloneOptions(generation: bigint, settings: PairSettings): LiveOptions {
  const { unacknowledgedBytesMax } = settings;
  return {
    generation,
    gated: false,
    recording: false,
    replication: 'replay',
    unacknowledgedBytesMax,
  };
}

/** For a role that ended by an error of its own. */
export function endWith(error: VmftError): Action {
  return { do: 'end', end: failure(error) };
}
