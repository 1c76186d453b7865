import type { VmftError } from '../../base/errors.js';
import type {
  ExecutionProgress,
  FedSegment,
  LiveOptions,
  Position,
  RecordedSegment,
  Replication,
  Stopped,
} from '../../flow/machine/machine.js';
import type {
  DiskChunk,
  FlushDisks,
  FromBackup,
  FromPrimary,
  MemoryChunk,
  Welcome,
} from '../channel/messages.js';
import type { CopyStatus, PairEvent, SessionEnd } from './pair-event.js';
import type { Rest, RestBeat } from './peer-pulse.js';

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
  /** Null without a peer, and while it is not one yet and nothing is copied. */
  readonly pair: PairStatus | null;
  /** In how many milliseconds it wants the next tick, as things are now. */
  tickAfterMs(nowMs: number): number;
  /**
   * How heartbeats go on by themselves until something happens; null: the role has to tick. `rested` follows before any other event, or
   * a tick when there was nothing to tell.
   */
  rest(nowMs: number): Rest | null;
  /** What to do on taking the role. */
  start(nowMs: number): Action[];
  handle(event: RoleEvent, nowMs: number): Action[];
}

/** Of a pair, or of one that is being made. */
export interface PairStatus {
  /** The peer's replica id. */
  readonly peer: string;
  readonly replication: Replication;
  /** A primary's: how far the backup was behind when it last said so, in virtual time. */
  readonly lagNs: bigint | null;
  /** While a backup is made from this machine. `pauseMs`: for so long the guest stands still for it. */
  readonly copy: (CopyStatus & { readonly pauseMs: number }) | null;
}

/** A connection to a peer, named by number so that roles hold no handles. */
export type LinkId = number;

export type RoleEvent =
  /** When {@link Role.tickAfterMs} is over, or earlier. */
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
  /** A well-formed heartbeat of this machine id, which came `ageMs` ago. */
  | {
      readonly type: 'heartbeat';
      readonly ageMs: number;
      readonly generation: bigint;
      readonly counter: bigint;
      readonly echo: bigint;
    }
  /** What went out, and was heard, while it rested: before the time at which this comes. */
  | { readonly type: 'rested'; readonly beats: readonly RestBeat[] }
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
  // From the copying of a machine.
  /** A primary's, several times a second. */
  | { readonly type: 'copy-status'; readonly copy: CopyStatus }
  /** A primary's: what is left is best copied while the guest is paused. */
  | { readonly type: 'copy-settled' }
  /** A primary's: the image is whole and on its way, so many bytes in all. */
  | { readonly type: 'copy-sent'; readonly sentBytes: number }
  /** A backup's: so many chunks are taken in, of so many bytes, in all. */
  | { readonly type: 'chunks-taken'; readonly chunks: bigint; readonly bytes: number }
  | { readonly type: 'disks-flushed' }
  /** Either side's machine or disk, or what the peer asked of it, is at fault. */
  | { readonly type: 'copy-failed'; readonly error: VmftError }
  // From the operator.
  /** The machine is to go to the backup; answered by `hand-over-failed` or an end. */
  | { readonly type: 'hand-over' }
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
  | { readonly do: 'form'; readonly generation: bigint; readonly replication: Replication }
  | { readonly do: 'verify-formation'; readonly machineId: string; readonly generation: bigint }
  /** One attempt at the generation's flag; answered by `arbitration`. */
  | { readonly do: 'test-and-set'; readonly generation: bigint }
  // The machine.
  /** `paused` follows, unless `resume` or `reconfigure` comes first. */
  | { readonly do: 'pause' }
  | { readonly do: 'resume'; readonly options: LiveOptions }
  | { readonly do: 'reconfigure'; readonly options: LiveOptions }
  | { readonly do: 'go-live'; readonly options: LiveOptions }
  /** Opens this host's disks and makes the machine; `machine-made` or `machine-refused` follows. */
  | { readonly do: 'prepare'; readonly welcome: Welcome }
  /** Of an encoded vmft.image.State; `restored` or `copy-failed` follows. */
  | { readonly do: 'restore-state'; readonly state: Buffer }
  | {
      readonly do: 'start-replica';
      readonly generation: bigint;
      readonly replication: Replication;
    }
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
  | {
      readonly do: 'send-welcome';
      readonly link: LinkId;
      readonly generation: bigint;
      readonly replication: Replication;
    }
  /** Sends private disks and memory while the guest runs; `copy-settled` or `copy-failed` follows. */
  | { readonly do: 'copy'; readonly link: LinkId }
  /** The backup has taken in so many chunks. */
  | { readonly do: 'copied'; readonly chunks: bigint }
  /** A backup: makes its private disks zero; chunks may follow at once. */
  | { readonly do: 'clear-disks' }
  /** `chunks-taken` or `copy-failed` follows. */
  | { readonly do: 'take-chunk'; readonly chunk: DiskChunk | MemoryChunk | FlushDisks }
  /** Once everything is written; `disks-flushed` follows. */
  | { readonly do: 'flush-disks' }
  /** The machine is paused: what is left of disks and memory, and State; `copy-sent` follows. */
  | { readonly do: 'finish-copy'; readonly generation: bigint }
  /** Gives up copying; the guest is not slowed for it any more. */
  | { readonly do: 'stop-copy' }
  /** Whoever asked for a hand-over is told. */
  | { readonly do: 'hand-over-failed'; readonly error: VmftError }
  // The session.
  | { readonly do: 'become'; readonly role: Role }
  | { readonly do: 'emit'; readonly event: PairEvent }
  | { readonly do: 'end'; readonly end: SessionEnd };
