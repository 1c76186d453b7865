import { VmftError, type ErrorCode } from '../../base/errors.js';
import type { StopReason, Stopped } from '../../flow/machine/machine.js';

/** What happens to a pair, for timelines, logs and `status`. The session stamps each with the time. */
export type PairEvent =
  /** A primary accepts backups at this address. */
  | { readonly type: 'listening'; readonly address: string; readonly heartbeatPort: number }
  | { readonly type: 'started'; readonly machineId: string; readonly replicaId: string }
  | { readonly type: 'joining'; readonly peer: string; readonly generation: bigint }
  | { readonly type: 'join-failed'; readonly error: VmftError }
  /** About once a second while private disks are copied; `leftBytes` is known to the primary only. */
  | {
      readonly type: 'disk-copy';
      readonly generation: bigint;
      readonly bytes: bigint;
      readonly leftBytes: bigint | null;
    }
  | { readonly type: 'state-received'; readonly bytes: bigint }
  /** The pair protects the machine from here on. */
  | { readonly type: 'formed'; readonly generation: bigint; readonly role: 'primary' | 'backup' }
  /** A message, frame or the link itself was not what it must be; the generation ends. */
  | { readonly type: 'channel-broken'; readonly generation: bigint; readonly error: VmftError }
  | {
      readonly type: 'suspected';
      readonly generation: bigint;
      readonly rule: string;
      /** How long the peer had been silent, by our own ticks. */
      readonly silenceMs: number;
      readonly reason: string;
    }
  | { readonly type: 'arbiter-unreachable'; readonly generation: bigint; readonly error: VmftError }
  | {
      readonly type: 'arbitration-won';
      readonly generation: bigint;
      readonly arbitrationMs: number;
    }
  | { readonly type: 'arbitration-lost'; readonly generation: bigint; readonly winner: string }
  /** The primary goes on without a backup. */
  | { readonly type: 'backup-lost'; readonly generation: bigint }
  | { readonly type: 'going-live'; readonly generation: bigint; readonly segmentsBehind: bigint }
  | {
      readonly type: 'live';
      readonly generation: bigint;
      /** From the last sign of life of the primary to the suspicion. */
      readonly detectMs: number;
      readonly arbitrationMs: number;
      /** From the suspicion to running live, arbitration and the log's rest included. */
      readonly goLiveMs: number;
    }
  | {
      readonly type: 'diverged';
      readonly generation: bigint;
      readonly ticks: bigint;
      readonly what: string;
    }
  /** A backup's replica diverged and is discarded; the same primary is joined anew with a fresh machine. */
  | {
      readonly type: 'rebuilding';
      /** Since the command began, this one included. */
      readonly divergences: number;
      /** Of the pair that ended. */
      readonly generation: bigint;
      readonly ticks: bigint;
      /** The report: what differed where, and the registers. */
      readonly what: string;
    }
  /** It could not be joined yet and is tried again after `delayMs`. */
  | { readonly type: 'rebuild-delayed'; readonly error: VmftError; readonly delayMs: number }
  /** Requests of the guest's wait for this replica's storage, and are tried again. */
  | {
      readonly type: 'disk-trouble';
      readonly disk: number;
      readonly url: string;
      readonly trouble: string;
    }
  | {
      readonly type: 'disk-recovered';
      readonly disk: number;
      readonly url: string;
      readonly troubleMs: number;
    }
  | { readonly type: 'stalled'; readonly unacknowledgedBytes: number }
  | { readonly type: 'ended'; readonly end: SessionEnd };

/** A pair event with its times: since the session's start, and since 1970 for comparing processes. */
export type StampedPairEvent = PairEvent & { readonly atMs: number; readonly realtimeMs: number };

/** How a session ended. `error` is null for a guest that ended by itself in order. */
export interface SessionEnd {
  readonly reason: StopReason | ErrorCode;
  readonly message: string;
  readonly error: VmftError | null;
  readonly exitStatus: number;
}

/** The guest's own end, as a session's end: a power-off is a success, a triple fault is not. */
export function guestEnd(stopped: Stopped): SessionEnd {
  const { reason, message } = stopped;
  switch (reason) {
    case 'power-off':
    case 'log-end':
      return { reason, message: message || 'the guest powered off', error: null, exitStatus: 0 };
    case 'triple-fault':
      return failure(
        new VmftError('triple-fault', message || 'the guest triple-faulted', 'see its console'),
      );
    case 'guest-reset':
      return failure(new VmftError('guest-reset', message || 'the guest reset itself'));
    case 'divergence':
      return failure(new VmftError('divergence', message));
    case 'stopped':
      return failure(new VmftError('stopped', message || 'the machine was stopped'));
    case 'accelerator-unavailable':
    case 'accelerator-failed':
    case 'cannot-execute':
    case 'counter-lost':
    case 'position-missed':
    case 'disk-failed':
      return failure(new VmftError(reason, message, stopped.whatToDo));
    case 'internal-error':
      return failure(new VmftError('internal', message, 'please report this'));
  }
}

export function failure(error: VmftError): SessionEnd {
  return { reason: error.code, message: error.message, error, exitStatus: error.exitStatus };
}

/** True for ends at which a replica's state cannot be taken for the primary's any more, and another's could. */
export function isDivergence(reason: StopReason): boolean {
  return reason === 'divergence' || reason === 'position-missed';
}

/** True for ends that every replica of the machine reaches at the same position. */
export function isGuestEnd(reason: SessionEnd['reason']): boolean {
  return reason === 'power-off' || reason === 'triple-fault' || reason === 'guest-reset';
}
