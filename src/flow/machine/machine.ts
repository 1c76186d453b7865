/**
 * The machine as the rest of the product sees it: what the native addon promises
 * and what the fake machine in tests imitates. Nothing above this interface knows
 * which accelerator runs.
 *
 * Threads: the vCPU runs on its own native thread; events arrive on the JavaScript
 * thread, in the order in which the vCPU thread produced them.
 */

import type { Disk } from '../world/disk.js';
import type { GuestCpu } from './guest-cpu.js';

/**
 * A point in the guest's instruction stream (native/base/position.h). Where ticks are instructions, `rip` and
 * `rcx` are check values and the last two are 0; where they are branches (kvm), all five name the position.
 */
export interface Position {
  readonly ticks: bigint;
  readonly rip: bigint;
  readonly rcx: bigint;
  /** A hash of the general registers. */
  readonly registers: bigint;
  /** Exits that the guest has made by itself. */
  readonly exits: bigint;
}

/** What makes a machine at position 0; mirrored by `GuestConfig` in proto/log.proto. */
export interface GuestConfig {
  readonly memoryBytes: number;
  readonly kernelPath: string;
  readonly initramfsPath: string | null;
  readonly commandLine: string;
  /** 6 bytes, or null for a machine without a network device. */
  readonly mac: Buffer | null;
  /** 32 bytes given to the guest kernel's random pool (boot protocol SETUP_RNG_SEED). */
  readonly randomSeed: Buffer;
  /** Wall clock at position 0, nanoseconds since 1970 (UTC). */
  readonly realtimeNs: bigint;
  /** What CPUID tells the guest, on accelerator kvm; null on one whose CPU is the same everywhere. */
  readonly cpu: GuestCpu | null;
  /** Disk n is the guest's /dev/vd(a + n); at most five. */
  readonly disks: readonly GuestDisk[];
}

/** Mirrors GuestDisk in proto/log.proto; see docs/disks.md. */
export interface GuestDisk {
  /** What the guest sees: without the reserved area. A multiple of `blockBytes`. */
  readonly capacityBytes: bigint;
  readonly blockBytes: 512 | 4096;
  /** `shared`: one disk that both hosts see; `private`: each replica has a copy of its own. */
  readonly holding: 'shared' | 'private';
  readonly readOnly: boolean;
  /** The log does not carry what is read: the backup reads the disk itself. */
  readonly readsOnBackup: boolean;
  /** What the guest finds as the disk's name: at most 20 printable ASCII characters. */
  readonly serial: string;
  /** The primary's, without a password. */
  readonly url: string;
  /** Which disk it is, from its reserved area; empty for one that has none. */
  readonly uuid: string;
}

/** One encoded `vmft.log.Frame`, with what the protocol needs to know about it. */
export interface RecordedSegment {
  readonly generation: bigint;
  /** 0, 1, 2, … within a generation. */
  readonly sequence: bigint;
  readonly frame: Buffer;
  readonly runUntilTicks: bigint;
  readonly virtualNs: bigint;
  /** Outputs produced up to `runUntil`, counted since the machine was created. */
  readonly outputsProduced: bigint;
  /** True when an output waits for this segment's acknowledgement. */
  readonly urgent: boolean;
}

export interface ExecutionProgress {
  readonly sequence: bigint;
  readonly position: Position;
  readonly virtualNs: bigint;
  readonly digestsChecked: bigint;
  /** Reads left to this replica that it has done, since the pair was formed. */
  readonly diskReadsDone: bigint;
}

/** How the accelerator's end is called when it cannot go on, or not exactly (native/accel/accelerator_fault.h). */
export const acceleratorEnds = [
  'accelerator-unavailable',
  'accelerator-failed',
  'cannot-execute',
  'counter-lost',
  'position-missed',
] as const;

/** native/runner/runner_events.h has the same; a test compares them. */
export const stopReasons = [
  /** The guest powered itself off, or was powered off by a control input. */
  'power-off',
  /** A reset that the machine does not survive. */
  'guest-reset',
  'triple-fault',
  /** The replica arrived at a position or digest other than the log's. */
  'divergence',
  /** `stop()` was called. */
  'stopped',
  /** A log was replayed to its end (or to the position asked for). */
  'log-end',
  /** These are error codes too. */
  ...acceleratorEnds,
  /** A replica's own disk cannot go on, or none can be claimed; an error code too. */
  'disk-failed',
  /** A bug of ours or of the host: `message` says what. */
  'internal-error',
] as const;

export type StopReason = (typeof stopReasons)[number];

export interface Stopped {
  readonly reason: StopReason;
  readonly position: Position;
  readonly message: string;
  /** What the user can do about it; empty when there is nothing sensible to say. */
  readonly whatToDo: string;
}

export interface MachineEvents {
  /** A segment was recorded (live and recording). */
  segment(segment: RecordedSegment): void;
  /** Released console bytes. */
  console(bytes: Buffer): void;
  /** The replica executed a fed segment to its `runUntil`. At most one event a millisecond. */
  executed(progress: ExecutionProgress): void;
  /** After `goLive()`: the log is executed to its end and the machine runs from the world's inputs. */
  live(position: Position): void;
  stopped(stopped: Stopped): void;
}

/**
 * How a backup follows: it executes the log, or it is given what each epoch changed (docs/checkpoint.md), which
 * needs neither exact positions nor determinism.
 */
export type Replication = 'replay' | 'checkpoint';

export interface LiveOptions {
  readonly generation: bigint;
  /** Outputs wait for `releaseOutputs`; otherwise they leave at once. */
  readonly gated: boolean;
  /** Emit `segment` events. */
  readonly recording: boolean;
  /** What is recorded: the log, or checkpoints. */
  readonly replication: Replication;
  /** The vCPU stalls while this many bytes of segments are not acknowledged. */
  readonly unacknowledgedBytesMax: number;
}

/** What `feed` learnt from a valid frame. */
export interface FedSegment {
  readonly generation: bigint;
  readonly sequence: bigint;
  readonly runUntilTicks: bigint;
  readonly outputsProduced: bigint;
  readonly outputsReleased: bigint;
}

export interface MachineStatus {
  readonly mode: 'created' | 'live' | 'replica' | 'paused' | 'stopped';
  readonly position: Position;
  readonly virtualNs: bigint;
  readonly halted: boolean;
  /** The vCPU waits because `unacknowledgedBytesMax` is reached. */
  readonly stalled: boolean;
  readonly outputsProduced: bigint;
  readonly outputsReleased: bigint;
  readonly unacknowledgedBytes: number;
  readonly recordedBytes: bigint;
  readonly framesReceived: bigint;
  readonly framesSent: bigint;
  readonly framesDropped: bigint;
  readonly residentBytes: number;
  /** See {@link Machine.setCpuShare}: 0.01 … 1. */
  readonly cpuShare: number;
  /** In the order of GuestConfig.disks. */
  readonly disks: readonly DiskStatus[];
  /** How guest code is executed here: by the processor (kvm), as host code made of it, or instruction by instruction. */
  readonly code: 'native' | 'translated' | 'interpreted';
  /** Where stops are dear (kvm); null elsewhere. */
  readonly stops: StopStatistics | null;
}

/** native/disk/disk_queue.h: counted since the machine was created in this process. */
export interface DiskStatus {
  /** Requests that have not ended, and those that the back end has. */
  readonly pending: bigint;
  readonly issued: bigint;
  readonly reads: bigint;
  readonly writes: bigint;
  readonly flushes: bigint;
  readonly bytesRead: bigint;
  readonly bytesWritten: bigint;
  /** What keeps requests from ending, in one line; empty when nothing does. */
  readonly trouble: string;
}

export interface DiskRange {
  readonly offset: bigint;
  readonly bytes: bigint;
}

/** What the accelerator did to stop the guest, since the machine was created. */
export interface StopStatistics {
  /** Exits that the guest made by itself: an input taken there needs no stop. */
  readonly ownExits: bigint;
  /** The guest was broken out of to look at the world's inputs. */
  readonly forcedExits: bigint;
  /** Stops at a position that no exit of the guest's own named; only a replica makes any. */
  readonly exactStops: bigint;
  /** How often a breakpoint was hit to make them. */
  readonly breakpointHits: bigint;
  /** Time that they took, nanoseconds, from the counter's overflow to the position. */
  readonly stopNs: bigint;
}

/** Some of a machine's memory, as vmft.image.Pages (proto/image.proto). */
export interface CopiedPages {
  readonly data: Buffer;
  /** Of the guest's memory that it stands for. */
  readonly memoryBytes: number;
}

export interface TapOptions {
  readonly name: string;
}

/** Digests of the machine now, for comparing two machines at one position. */
export interface MachineDigest {
  readonly position: Position;
  readonly state: bigint;
  readonly memory: bigint;
}

/**
 * A virtual machine. Methods throw {@link MachineError} (src/base/errors.ts) when called in
 * a mode that does not allow them.
 *
 *   created ──startLive──► live ◄──resume── paused ◄──pause── live
 *   created ──startReplica──► replica ──goLive──► live
 *   any ──stop──► stopped
 */
export interface Machine {
  readonly config: GuestConfig;

  /** Opens the tap and gives the machine its network. Frames flow only while live. */
  attachTap(options: TapOptions): void;

  /**
   * Gives the machine its disk `index` of GuestConfig.disks, before it runs. The machine keeps it for itself:
   * `disk` may be closed, or be used for copying.
   */
  attachDisk(index: number, disk: Disk): void;

  startLive(options: LiveOptions): void;
  /** Stops the vCPU between two instructions; resolves with the position. */
  pause(): Promise<Position>;
  /** Goes on live, possibly with other options (a backup joined or left). */
  resume(options: LiveOptions): void;
  /** Changes whether outputs wait and segments are made, without a pause (the backup is gone). */
  reconfigure(options: LiveOptions): void;

  /**
   * Begins to copy the machine's image, live or paused: every page that is not zero is left to copy, and what the
   * guest changes is kept. One copy at a time.
   */
  copyBegin(): void;
  /**
   * The next pages that are left to copy, about `memoryBytesMax` of them (at most 1 MiB); null when none is left. A page
   * that the guest changes meanwhile may be torn: it is among the changes.
   */
  copyRead(memoryBytesMax: number): Promise<CopiedPages | null>;
  /** What the guest has changed since the last call is left to copy too. Resolves with what is left, bytes. */
  copyChanges(): Promise<number>;
  /**
   * While paused, and with nothing left to copy but what changed since the last `copyChanges`: records a SNAPSHOT
   * control input and gives what is not memory. Afterwards `copyRead` has the last pages.
   */
  copyState(): Buffer;
  /** Idempotent. */
  copyEnd(): void;

  /** On a created machine: some of another's memory. Throws `image-corrupt`, without effect on the rest. */
  restorePages(pages: Buffer): void;
  /** All pages are there: takes over the rest. Throws `image-corrupt`, `image-version`. */
  restoreState(state: Buffer): void;

  startReplica(options: { readonly generation: bigint; readonly replication: Replication }): void;
  /**
   * Queues a frame for execution; validates all of it first and throws without effect on a
   * corrupt, repeated or out-of-order one.
   */
  feed(frame: Buffer): FedSegment;
  /** Executes to the end of what was fed, then runs live; `live` tells when. */
  goLive(options: LiveOptions): void;

  /** The backup (or the file) holds every segment up to `sequence`. */
  acknowledge(sequence: bigint): void;
  /**
   * Outputs 1 … `through` may leave while the host's clock (Clock.nowMs) is not past `untilMs`; it is looked at before each. Those
   * that did not wait for the next call. On a replica: they left the primary, forget them, whatever the time.
   */
  releaseOutputs(through: bigint, untilMs: number): void;
  /** Sends the guest's MAC address as RARP broadcasts, so that switches learn the new port. */
  announce(): void;

  /** The backup has done so many of the reads that the log left to it, since the pair was formed. */
  diskReadsDone(count: bigint): void;
  /** Begins, or ends, to keep which ranges of a disk change. */
  trackDiskChanges(index: number, on: boolean): void;
  /**
   * Ranges that changed since tracking began or since the last call, and forgets them. A change is there from
   * the moment at which its request ended at the latest. Also while paused.
   */
  takeDiskChanges(index: number): readonly DiskRange[];

  consoleInput(bytes: Buffer): void;
  control(kind: 'power-button' | 'reset' | 'power-off'): void;
  /** Changes the machine's configuration: the vCPU has this share of its speed, 0.01 … 1, on whichever host it runs. */
  setCpuShare(share: number): void;
  /** Limits the vCPU to this share of its speed, 0.01 … 1. */
  setSpeedLimit(share: number): void;

  /** While it does not run. All of the guest's memory, unless `ofMemory` is false: then `memory` is 0. */
  digest(ofMemory?: boolean): MachineDigest;
  status(): MachineStatus;
  /** Ends the machine; `stopped` follows. Idempotent. */
  stop(): void;
  /**
   * Ends the machine without a word and gives its memory, tap and thread back at once, for whoever makes
   * another in this process. Idempotent; every other method throws `wrong-mode` afterwards.
   */
  close(): void;
}
