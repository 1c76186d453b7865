import type { VmftError } from '../../base/errors.js';
import type {
  ExecutionProgress,
  FedSegment,
  LiveOptions,
  Position,
  RecordedSegment,
  Stopped,
} from '../../flow/machine/machine.js';
import type { DiskChunk, FromBackup, FromPrimary, Welcome } from '../channel/messages.js';
import type { PairEvent, SessionEnd } from './pair-event.js';

/**
 * A role is a pure reducer: events and the time in, actions out. It does no I/O, keeps no timer and asks
 * no clock, so the same code runs in production (src/pair/session) and in the simulation (test/sim).
 */
export interface Role {
  readonly name: 'alone' | 'primary' | 'backup';
  readonly generation: bigint;
  /** One word for `status`; the role's file lists them. */
  readonly phase: string;
  /** Nothing may be shown that waits here when the clock is past it (output-permission.ts). */
  readonly showsUntilMs: number;
  /** What to do on taking the role. */
  start(nowMs: number): Action[];
  handle(event: RoleEvent, nowMs: number): Action[];
}

/** A connection to a peer, named by number so that roles hold no handles. */
export type LinkId = number;

export type RoleEvent =
  /** About every `tickIntervalMs`. */
  | { readonly type: 'tick' }
  /** A valid message of the channel; a link's first message comes after its connection. */
  | { readonly type: 'message'; readonly link: LinkId; readonly message: FromBackup | FromPrimary }
  /** The link is gone. `clean`: the peer ended it on purpose and in order. `error` says what was wrong. */
  | {
      readonly type: 'link-closed';
      readonly link: LinkId;
      readonly clean: boolean;
      readonly error: VmftError | null;
    }
  /** A well-formed heartbeat of this machine id. */
  | {
      readonly type: 'heartbeat';
      readonly generation: bigint;
      readonly counter: bigint;
      readonly echo: bigint;
    }
  // From the machine.
  | { readonly type: 'segment'; readonly segment: RecordedSegment }
  | { readonly type: 'executed'; readonly progress: ExecutionProgress }
  | { readonly type: 'live'; readonly position: Position }
  | { readonly type: 'stopped'; readonly stopped: Stopped }
  | { readonly type: 'paused'; readonly outputsProduced: bigint }
  /** After `release-outputs` with `tell`: outputs 1 … `through` have left. */
  | { readonly type: 'outputs-left'; readonly through: bigint }
  | { readonly type: 'fed'; readonly fed: FedSegment }
  | { readonly type: 'feed-refused'; readonly error: VmftError }
  | { readonly type: 'restored' }
  /** `prepare` went well: the disks are open and the machine is made. */
  | { readonly type: 'machine-made' }
  /** `prepare` failed: this host cannot be the machine. */
  | { readonly type: 'machine-refused'; readonly error: VmftError }
  // From the copying of private disks.
  /** A primary's: data sent so far, and what is known to be left. A backup's: data written; `leftBytes` null. */
  | { readonly type: 'disk-copy'; readonly bytes: bigint; readonly leftBytes: bigint | null }
  /** A primary's: what is left is best copied while the guest is paused. */
  | { readonly type: 'disks-settled' }
  /** A backup's: so many chunks are on its disks, in all. */
  | { readonly type: 'disk-written'; readonly chunks: bigint }
  | { readonly type: 'disks-flushed' }
  /** Either side's disk, or what the peer asked of it, is at fault. */
  | { readonly type: 'copy-failed'; readonly error: VmftError }
  // From the state transfer.
  | { readonly type: 'state-progress'; readonly complete: boolean }
  // From the arbiter.
  | { readonly type: 'formation'; readonly generation: bigint; readonly error: VmftError | null }
  | {
      readonly type: 'arbitration';
      readonly generation: bigint;
      readonly result: ArbitrationResult;
    };

export type ArbitrationResult =
  | { readonly kind: 'won' }
  | { readonly kind: 'lost'; readonly winner: string }
  | { readonly kind: 'unreachable'; readonly error: VmftError };

export type Action =
  | { readonly do: 'send'; readonly link: LinkId; readonly message: FromBackup | FromPrimary }
  /** Ends the link: in order when `error` is null, else telling the peer why. */
  | { readonly do: 'close-link'; readonly link: LinkId; readonly error: VmftError | null }
  | {
      readonly do: 'send-heartbeat';
      readonly generation: bigint;
      readonly counter: bigint;
      readonly echo: bigint;
    }
  /** Makes the record that a generation is being formed (primary), or checks that it can be seen (backup). */
  | { readonly do: 'form'; readonly generation: bigint }
  | { readonly do: 'verify-formation'; readonly machineId: string; readonly generation: bigint }
  /** One attempt at the generation's flag; answered by `arbitration`. */
  | { readonly do: 'test-and-set'; readonly generation: bigint }
  // The machine.
  | { readonly do: 'pause' }
  | { readonly do: 'resume'; readonly options: LiveOptions }
  | { readonly do: 'reconfigure'; readonly options: LiveOptions }
  | { readonly do: 'go-live'; readonly options: LiveOptions }
  /** Opens this host's disks and makes the machine; `machine-made` or `machine-refused` follows. */
  | { readonly do: 'prepare'; readonly welcome: Welcome }
  | { readonly do: 'restore-chunk'; readonly offset: number; readonly data: Buffer }
  | { readonly do: 'restore-end'; readonly bytes: number; readonly checksum: bigint }
  | { readonly do: 'feed'; readonly frame: Buffer }
  | { readonly do: 'acknowledge'; readonly sequence: bigint }
  /**
   * Outputs 1 … `through` may leave while the clock is not past `untilMs`; null: everything, only for a replica that is
   * alone. `tell`: `outputs-left` follows.
   */
  | {
      readonly do: 'release-outputs';
      readonly through: bigint | null;
      readonly untilMs: number;
      readonly tell?: boolean;
    }
  | { readonly do: 'set-speed-limit'; readonly share: number }
  | { readonly do: 'announce'; readonly afterMs: number }
  | { readonly do: 'disk-reads-done'; readonly count: bigint }
  // A join.
  | { readonly do: 'send-welcome'; readonly link: LinkId; readonly generation: bigint }
  /** Sends private disks while the guest runs; `disks-settled` or `copy-failed` follows. */
  | { readonly do: 'copy-disks'; readonly link: LinkId }
  /** The backup has so many chunks on its disks. */
  | { readonly do: 'copied'; readonly chunks: bigint }
  /** A backup: makes its private disks zero; chunks may follow at once. */
  | { readonly do: 'clear-disks' }
  | { readonly do: 'write-disk'; readonly chunk: DiskChunk }
  /** Once everything is written; `disks-flushed` follows. */
  | { readonly do: 'flush-disks' }
  /** What is left of the disks, then StateBegin, StateChunk… and StateEnd; `state-progress` follows. */
  | { readonly do: 'send-state'; readonly link: LinkId; readonly generation: bigint }
  /** Gives up sending disks and state. */
  | { readonly do: 'stop-state' }
  // The session.
  | { readonly do: 'become'; readonly role: Role }
  | { readonly do: 'emit'; readonly event: PairEvent }
  | { readonly do: 'end'; readonly end: SessionEnd };
