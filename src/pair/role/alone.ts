import { VmftError } from '../../base/errors.js';
import { protocolVersion, type PairSettings } from '../../base/limits.js';
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
 *   alone     no peer.                                          ── hello ──► forming
 *   forming   the next generation is being recorded with the    ── formation ──► pausing
 *             arbiter; the machine runs.                        ── link lost, error ──► alone
 *   pausing   the vCPU is asked to stop.                        ── paused ──► copying
 *   copying   the machine is paused, its state on the wire.     ── StateReady ──► PrimaryRole
 *                                                               ── link lost, no progress ──► alone
 *   ended     the machine is gone.
 *
 * Nothing is committed before StateReady: a join that fails leaves a backup without a single frame of
 * the generation, which by rules B2–B4 never goes live. The number is spent all the same, so that no
 * message of the failed join can be taken for one of the next.
 */
export class AloneRole implements Role {
  readonly name = 'alone';
  private state: 'alone' | 'forming' | 'pausing' | 'copying' | 'ended' = 'alone';
  private link: LinkId | null = null;
  private joining = 0n;
  private highest: bigint;
  private complete = false;
  private outputsReleased = 0n;
  private progressMs = 0;
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
        return this.formation(event.generation, event.error);
      case 'paused':
        return this.paused(event.outputsProduced, nowMs);
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
        this.pulse?.heartbeat(event.generation, event.counter, nowMs);
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
    if (message.kind === 'state-ready') return this.stateReady(message.generation, nowMs);
    if (message.kind === 'declined') {
      const text = `the backup cannot take this machine: ${message.reason}`;
      return this.callOff(new VmftError('peer-refused', text));
    }
    return this.refuseMessage(message.kind);
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

  private formation(generation: bigint, error: VmftError | null): Action[] {
    if (this.state !== 'forming' || generation !== this.joining) return [];
    if (error !== null) {
      const link = this.link;
      this.reset();
      const told = link === null ? [] : refuse(link, error.message);
      return [...told, { do: 'emit', event: { type: 'join-failed', error } }];
    }
    this.state = 'pausing';
    return [{ do: 'pause' }];
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
    this.pulse = new PeerPulse(this.joining, this.settings, nowMs);
    return [{ do: 'send-state', link: this.link, generation: this.joining }];
  }

  private stateReady(generation: bigint, nowMs: number): Action[] {
    if (this.link === null || this.state !== 'copying' || !this.complete) {
      return this.refuseMessage('state-ready');
    }
    if (generation !== this.joining) {
      const old = generation < this.joining;
      const message = `the backup is ready for generation ${generation}, not ${this.joining}`;
      return this.callOff(new VmftError(old ? 'generation-old' : 'generation-unknown', message));
    }
    this.state = 'ended';
    const role = new PrimaryRole(
      {
        generation,
        link: this.link,
        outputsReleased: this.outputsReleased,
        identity: this.identity,
        settings: this.settings,
      },
      nowMs,
    );
    return [{ do: 'become', role }];
  }

  private tick(nowMs: number): Action[] {
    if (this.state !== 'copying') return [];
    if (nowMs - this.progressMs > this.settings.joinStallMs) {
      return this.callOff(
        new VmftError('join-timeout', 'the backup took the machine’s state too slowly'),
      );
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
    const release: Action = { do: 'release-outputs', through: null };
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
      return told;
    }
    this.reset();
    if (state === 'forming') return told;
    const options = aloneOptions(this.generation, this.settings);
    return [{ do: 'stop-state' }, { do: 'resume', options }, ...told];
  }

  private reset(): void {
    this.state = 'alone';
    this.link = null;
    this.pulse = null;
  }
}

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
  return { generation, gated: false, recording: false, unacknowledgedBytesMax };
}

/** For a role that ended by an error of its own. */
export function endWith(error: VmftError): Action {
  return { do: 'end', end: failure(error) };
}
