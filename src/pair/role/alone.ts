import { VmftError } from '../../base/errors.js';
import { copyShownEveryMs, protocolVersion, type PairSettings } from '../../base/limits.js';
import type { LiveOptions, Stopped } from '../../flow/machine/machine.js';
import type { FromBackup, Hello } from '../channel/messages.js';
import { failure, guestEnd, isGuestEnd } from './pair-event.js';
import { PeerPulse } from './peer-pulse.js';
import { PrimaryRole } from './primary.js';
import type { Action, LinkId, Role, RoleEvent } from './role.js';

/** What a backup must match to execute this machine's log. */
export interface MachineIdentity {
  readonly build: string;
  readonly accelerator: string;
  readonly replicaId: string;
  readonly memoryBytes: bigint;
}

/**
 * A replica that talks to the world by itself: a machine that was never protected, or one whose
 * generation this replica has won. Its outputs leave at once.
 *
 *   alone          no peer.                                          ── hello ──► forming
 *   forming        the next generation is being recorded with the    ── formation ──► preparing
 *                  arbiter; the machine runs, as in the two states
 *                  that follow.                                      ── link lost, error ──► alone
 *   preparing      Welcome is sent; the backup opens its disks and   ── Prepared ──► copying-disks
 *                  makes its machine; heartbeats begin.              ── Declined, no progress ──► alone
 *   copying-disks  private disks are on the wire; without any this   ── disks-settled ──► pausing
 *                  is over at once.                                  ── fault, no progress ──► alone
 *   pausing        the vCPU is asked to stop.                        ── paused ──► copying
 *   copying        the machine is paused, the last changes of its    ── StateReady ──► PrimaryRole
 *                  disks and its state on the wire.                  ── link lost, no progress ──► alone
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
  private joining = 0n;
  private highest: bigint;
  private complete = false;
  private outputsReleased = 0n;
  private progressMs = 0;
  private copyShownMs = -Infinity;
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
      case 'disk-copy':
        return this.copied(event.bytes, event.leftBytes, nowMs);
      case 'disks-settled':
        if (this.state !== 'copying-disks') return [];
        this.state = 'pausing';
        return [{ do: 'pause' }];
      case 'copy-failed':
        return this.callOff(event.error);
      case 'state-progress':
        this.progressMs = nowMs;
        this.complete ||= event.complete;
        return [];
      case 'link-closed':
        if (event.link !== this.link) return [];
        return this.callOff(
          event.error ?? new VmftError('peer-lost', 'the backup left before it was ready'),
        );
      case 'heartbeat':
        this.heartbeat(event.generation, event.counter, nowMs);
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
        this.progressMs = nowMs;
        return (
          this.ofThisJoin(message.generation, 'on its way') ?? [
            { do: 'copied', chunks: message.chunks },
          ]
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
    return this.state === 'copying-disks' || this.state === 'pausing' || this.state === 'copying';
  }

  private hello(link: LinkId, hello: Hello): Action[] {
    if (link === this.link) return this.refuseMessage('hello');
    const objection = this.state === 'alone' ? this.objection(hello) : 'another backup is joining';
    if (objection !== null) return refuse(link, objection);
    this.state = 'forming';
    this.link = link;
    this.highest += 1n;
    this.joining = this.highest;
    this.complete = false;
    const generation = this.joining;
    return [
      { do: 'emit', event: { type: 'joining', peer: hello.replicaId, generation } },
      { do: 'form', generation },
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
    return [{ do: 'send-welcome', link, generation }];
  }

  private prepared(link: LinkId, nowMs: number): Action[] {
    this.state = 'copying-disks';
    this.progressMs = nowMs;
    return [{ do: 'copy-disks', link }];
  }

  private copied(bytes: bigint, leftBytes: bigint | null, nowMs: number): Action[] {
    if (!this.copying || nowMs - this.copyShownMs < copyShownEveryMs) return [];
    this.copyShownMs = nowMs;
    const generation = this.joining;
    return [{ do: 'emit', event: { type: 'disk-copy', generation, bytes, leftBytes } }];
  }

  /** While the guest runs, a backup that beats is alive, however slow its disks are. */
  private heartbeat(generation: bigint, counter: bigint, nowMs: number): void {
    if (this.pulse === null) return;
    const before = this.pulse.beatsHeard;
    this.pulse.heartbeat(generation, counter, nowMs);
    const early = this.state === 'preparing' || this.state === 'copying-disks';
    if (early && this.pulse.beatsHeard > before) this.progressMs = nowMs;
  }

  private paused(outputsProduced: bigint, nowMs: number): Action[] {
    if (this.state !== 'pausing') return [];
    if (this.link === null) {
      this.reset();
      return [{ do: 'resume', options: aloneOptions(this.generation, this.settings) }];
    }
    this.state = 'copying';
    this.outputsReleased = outputsProduced;
    this.progressMs = nowMs;
    return [{ do: 'send-state', link: this.link, generation: this.joining }];
  }

  private stateReady(generation: bigint, nowMs: number): Action[] {
    if (this.link === null || this.state !== 'copying' || !this.complete) {
      return this.refuseMessage('state-ready');
    }
    const other = this.ofThisJoin(generation, 'ready');
    if (other !== null) return other;
    this.state = 'ended';
    const role = new PrimaryRole(
      {
        generation,
        link: this.link,
        outputsReleased: this.outputsReleased,
        lastBeatSent: this.pulse?.lastSent ?? 0n,
        identity: this.identity,
        settings: this.settings,
      },
      nowMs,
    );
    return [{ do: 'become', role }];
  }

  private tick(nowMs: number): Action[] {
    if (this.state !== 'preparing' && !this.copying) return [];
    if (nowMs - this.progressMs > this.settings.joinStallMs) {
      const what = this.state === 'preparing' ? 'prepared' : 'took the machine’s state';
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
    if (state === 'pausing') {
      this.link = null;
      return [{ do: 'stop-state' }, ...told];
    }
    this.reset();
    const options = aloneOptions(this.generation, this.settings);
    const paused: Action[] = state === 'copying' ? [{ do: 'resume', options }] : [];
    return [{ do: 'stop-state' }, ...paused, ...told];
  }

  private reset(): void {
    this.state = 'alone';
    this.link = null;
    this.pulse = null;
  }
}

type AlonePhase =
  'alone' | 'forming' | 'preparing' | 'copying-disks' | 'pausing' | 'copying' | 'ended';

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
