import { VmftError, type ErrorCode } from '../../base/errors.js';
import type { Replication, StopReason, Stopped } from '../../flow/machine/machine.js';

/** How far the copy of a running machine has come, as its primary sees it. */
export interface CopyStatus {
  /** On the wire. */
  readonly sentBytes: number;
  /** Of memory and private disks, as far as known. */
  readonly leftBytes: number;
  /** On the wire, of late. */
  readonly bytesPerSecond: number;
  /** 1: everything for the first time; then what the guest changed meanwhile. */
  readonly round: number;
  /** How much of its speed the guest is denied for the copy, 0 … 1. */
  readonly throttle: number;
}

/** What happens to a pair, for timelines, logs and `status`. The session stamps each with the time. */
export type PairEvent =
  /** A primary accepts backups at this address. */
  | { readonly type: 'listening'; readonly address: string; readonly heartbeatPort: number }
  | { readonly type: 'started'; readonly machineId: string; readonly replicaId: string }
  | {
      readonly type: 'joining';
      readonly peer: string;
      readonly generation: bigint;
      readonly replication: Replication;
      /** Why that replication. */
      readonly why: string;
    }
  | { readonly type: 'join-failed'; readonly error: VmftError }
  /** A primary's, about twice a second while the machine is copied. */
  | ({ readonly type: 'copy'; readonly generation: bigint } & CopyStatus)
  /** A backup's, about twice a second while it takes a copy in. */
  | {
      readonly type: 'copy-received';
      readonly generation: bigint;
      readonly bytes: number;
      readonly bytesPerSecond: number;
    }
  | { readonly type: 'state-received'; readonly bytes: number }
  /** The pair protects the machine from here on. */
  | {
      readonly type: 'formed';
      readonly generation: bigint;
      readonly role: 'backup';
      readonly replication: Replication;
    }
  | ({
      readonly type: 'formed';
      readonly generation: bigint;
      readonly role: 'primary';
      readonly replication: Replication;
    } & CopyCost)
  /** The primary stops the guest and gives the machine to its backup, or did not succeed in it and runs on. */
  | { readonly type: 'handing-over'; readonly generation: bigint }
  | { readonly type: 'hand-over-failed'; readonly generation: bigint; readonly error: VmftError }
  /** A backup's: the primary has given it the machine. */
  | { readonly type: 'handed-over'; readonly generation: bigint }
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
  /** It diverges often: from here on this host joins as one that does not replay. */
  | { readonly type: 'replay-given-up'; readonly divergences: number; readonly ticks: bigint }
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

/** What the forming of a pair took. */
export interface CopyCost {
  /** For so long the guest stood still. */
  readonly pauseMs: number;
  readonly copyMs: number;
  readonly sentBytes: number;
}

/** A pair event with its times: since the session's start, and since 1970 for comparing processes. */
export type StampedPairEvent = PairEvent & { readonly atMs: number; readonly realtimeMs: number };

/** How a session ended. `error` is null for a guest that ended by itself in order, and for a machine handed over. */
export interface SessionEnd {
  readonly reason: StopReason | ErrorCode | 'handed-over';
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

/** A primary's that gave the machine to its backup. */
export const handedOver: SessionEnd = {
  reason: 'handed-over',
  message: 'the machine runs on the other host',
  error: null,
  exitStatus: 0,
};

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
