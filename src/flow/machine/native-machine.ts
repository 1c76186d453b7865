import { MachineError } from '../../base/errors.js';
import { softAccelerator, type Accelerator } from './accelerator.js';
import type { Disk } from '../world/disk.js';
import { nativeDiskOf } from '../world/open-disk.js';
import type {
  CopiedPages,
  DiskRange,
  ExecutionProgress,
  FedSegment,
  GuestConfig,
  LiveOptions,
  Machine,
  MachineDigest,
  MachineEvents,
  MachineStatus,
  Position,
  Replication,
  RecordedSegment,
  Stopped,
  TapOptions,
} from './machine.js';
import {
  addon,
  mapped,
  mappedPromise,
  type CrashAt,
  type NativeEvent,
  type NativeMachine,
} from './native-addon.js';

/** The guest's files, in memory: the addon opens none. */
export interface GuestImages {
  readonly kernel: Buffer;
  readonly initramfs: Buffer | null;
}

/** What replaying a log file needs beyond what a backup does. */
export interface ReplayMachine extends Machine {
  /**
   * `generation` null: whatever generation the log begins with, and newer ones after it, each from
   * sequence 0. `untilTicks`: stop there, with reason `log-end`; inputs taken at that tick are applied.
   */
  startReplica(options: {
    readonly generation: bigint | null;
    readonly replication?: Replication;
    readonly untilTicks?: bigint | undefined;
  }): void;
  /** No frame comes any more: `stopped` with reason `log-end` follows when all are executed. */
  endOfLog(): void;
}

/** The 64-bit digest of native/base/hash64.h: finds accidents, not forgery. */
export function hash64(bytes: Buffer): bigint {
  return addon().hash64(bytes);
}

/** The codes the addon's errors carry, for the test that compares them with src/base/errors.ts. */
export function nativeErrorCodes(): readonly string[] {
  return addon().errorCodes;
}

/** The names of StopReason as the addon has them, for the test that compares them with machine.ts. */
export function nativeStopReasons(): readonly string[] {
  return addon().stopReasons;
}

/**
 * A machine in mode `created`. Without `images` it has no guest until it is restored.
 * Throws `kernel-unusable`, `memory-too-small`, `memory-unavailable`, `accelerator-unavailable` or
 * `bad-argument`: also for a guest with a CPU of its own on an accelerator that has one, or without one
 * on one that has none.
 */
export function createNativeMachine(
  config: GuestConfig,
  images: GuestImages | null,
  events: MachineEvents,
  accelerator: Accelerator = softAccelerator,
  crashAt: CrashAt | null = null,
): ReplayMachine {
  return new AddonMachine(config, images, events, accelerator, crashAt);
}

class AddonMachine implements ReplayMachine {
  readonly config: GuestConfig;
  private readonly native: NativeMachine;
  private readonly pauses: PendingPauses;
  private lastRead: Promise<unknown> = Promise.resolve();

  constructor(
    config: GuestConfig,
    images: GuestImages | null,
    events: MachineEvents,
    accelerator: Accelerator,
    crashAt: CrashAt | null,
  ) {
    this.config = config;
    const pauses: PendingPauses = [];
    this.pauses = pauses;
    // The callback does not hold the machine, so that one nobody holds can be collected.
    const onEvent: NativeEvent = (name, value) => {
      try {
        deliver(events, pauses, name, value);
      } catch (error) {
        // Node swallows what a handler throws into native code; this way it is an uncaught exception as elsewhere.
        queueMicrotask(() => {
          throw error;
        });
      }
    };
    this.native = mapped(
      () =>
        new (addon().NativeMachine)(
          {
            memoryBytes: config.memoryBytes,
            commandLine: config.commandLine,
            mac: config.mac,
            randomSeed: config.randomSeed,
            realtimeNs: config.realtimeNs,
            kernel: images?.kernel ?? null,
            initramfs: images?.initramfs ?? null,
            disks: config.disks,
            cpuid: config.cpu?.leaves ?? null,
            counter: accelerator.name === 'kvm' ? accelerator.counter : null,
            interpret: accelerator.name === 'soft' && accelerator.interpret,
            crashAt,
          },
          onEvent,
        ),
    );
  }

  attachTap(options: TapOptions): void {
    mapped(() => {
      this.native.attachTap(options);
    });
  }

  attachDisk(index: number, disk: Disk): void {
    mapped(() => {
      this.native.attachDisk(index, nativeDiskOf(disk));
    });
  }

  diskReadsDone(count: bigint): void {
    mapped(() => {
      this.native.diskReadsDone(count);
    });
  }

  trackDiskChanges(index: number, on: boolean): void {
    mapped(() => {
      this.native.trackDiskChanges(index, on);
    });
  }

  takeDiskChanges(index: number): readonly DiskRange[] {
    return mapped(() => this.native.takeDiskChanges(index));
  }

  startLive(options: LiveOptions): void {
    mapped(() => {
      this.native.startLive(options);
    });
  }

  pause(): Promise<Position> {
    return new Promise((resolve, reject) => {
      mapped(() => {
        this.native.pause();
      });
      this.pauses.push({ resolve, reject });
    });
  }

  resume(options: LiveOptions): void {
    mapped(() => {
      this.native.resume(options);
    });
  }

  reconfigure(options: LiveOptions): void {
    mapped(() => {
      this.native.reconfigure(options);
    });
  }

  copyBegin(): void {
    mapped(() => {
      this.native.copyBegin();
    });
  }

  copyRead(memoryBytesMax: number): Promise<CopiedPages | null> {
    // One after the other: what a later one brings is newer.
    const read = this.lastRead.then(() =>
      mappedPromise(() => this.native.copyRead(memoryBytesMax)),
    );
    this.lastRead = read.catch(() => null);
    return read;
  }

  copyChanges(): Promise<number> {
    return mappedPromise(() => this.native.copyChanges());
  }

  copyState(): Buffer {
    return mapped(() => this.native.copyState());
  }

  copyEnd(): void {
    mapped(() => {
      this.native.copyEnd();
    });
  }

  restorePages(pages: Buffer): void {
    mapped(() => {
      this.native.restorePages(pages);
    });
  }

  restoreState(state: Buffer): void {
    mapped(() => {
      this.native.restoreState(state);
    });
  }

  setCpuShare(share: number): void {
    mapped(() => {
      this.native.setCpuShare(share);
    });
  }

  startReplica(options: {
    readonly generation: bigint | null;
    readonly replication?: Replication;
    readonly untilTicks?: bigint | undefined;
  }): void {
    mapped(() => {
      this.native.startReplica({
        generation: options.generation,
        replication: options.replication ?? 'replay',
        untilTicks: options.untilTicks,
      });
    });
  }

  feed(frame: Buffer): FedSegment {
    return mapped(() => this.native.feed(frame));
  }

  endOfLog(): void {
    mapped(() => {
      this.native.endOfLog();
    });
  }

  goLive(options: LiveOptions): void {
    mapped(() => {
      this.native.goLive(options);
    });
  }

  acknowledge(sequence: bigint): void {
    mapped(() => {
      this.native.acknowledge(sequence);
    });
  }

  releaseOutputs(through: bigint, untilMs: number): void {
    mapped(() => {
      this.native.releaseOutputs(through, untilMs);
    });
  }

  announce(): void {
    mapped(() => this.native.announce());
  }

  consoleInput(bytes: Buffer): void {
    mapped(() => {
      this.native.consoleInput(bytes);
    });
  }

  control(kind: 'power-button' | 'reset' | 'power-off'): void {
    mapped(() => {
      this.native.control(kind);
    });
  }

  setSpeedLimit(share: number): void {
    mapped(() => {
      this.native.setSpeedLimit(share);
    });
  }

  digest(ofMemory = true): MachineDigest {
    return mapped(() => this.native.digest(ofMemory));
  }

  status(): MachineStatus {
    const status = mapped(() => this.native.status());
    const stops = this.config.cpu === null ? null : status.stops;
    return { ...status, stops, residentBytes: process.memoryUsage.rss() };
  }

  stop(): void {
    mapped(() => {
      this.native.stop();
    });
  }

  close(): void {
    mapped(() => {
      this.native.close();
    });
  }
}

type PendingPauses = {
  readonly resolve: (position: Position) => void;
  readonly reject: (error: MachineError) => void;
}[];

/** The addon's event names are those of {@link MachineEvents}, and `paused`. */
function deliver(events: MachineEvents, pauses: PendingPauses, name: string, value: unknown): void {
  switch (name) {
    case 'segment':
      events.segment(value as RecordedSegment);
      break;
    case 'console':
      events.console(value as Buffer);
      break;
    case 'executed':
      events.executed(value as ExecutionProgress);
      break;
    case 'live':
      events.live(value as Position);
      break;
    case 'paused':
      for (const pause of pauses.splice(0)) pause.resolve(value as Position);
      break;
    case 'stopped': {
      const stopped = value as Stopped;
      for (const pause of pauses.splice(0)) {
        pause.reject(new MachineError('stopped', `the machine has ended: ${stopped.reason}`));
      }
      events.stopped(stopped);
      break;
    }
  }
}
