import { createRequire } from 'node:module';
import { asVmftError, MachineError } from '../../base/errors.js';
import type {
  ExecutionProgress,
  FedSegment,
  GuestConfig,
  LiveOptions,
  Machine,
  MachineDigest,
  MachineEvents,
  MachineStatus,
  Position,
  RecordedSegment,
  Stopped,
  TapOptions,
} from './machine.js';

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
    readonly untilTicks?: bigint | undefined;
  }): void;
  /** No frame comes any more: `stopped` with reason `log-end` follows when all are executed. */
  endOfLog(): void;
}

/** What native/addon exports; see native/addon/machine_handle.h. */
interface NativeMachine {
  attachTap(options: TapOptions): void;
  startLive(options: LiveOptions): void;
  pause(): void;
  resume(options: LiveOptions): void;
  reconfigure(options: LiveOptions): void;
  snapshotBegin(): { readonly bytes: number; readonly checksum: bigint };
  snapshotRead(offset: number, maxBytes: number): Buffer;
  snapshotEnd(): void;
  restoreChunk(offset: number, bytes: Buffer): void;
  restoreEnd(bytes: number, checksum: bigint): void;
  startReplica(options: { generation: bigint | null; untilTicks: bigint | undefined }): void;
  feed(frame: Buffer): FedSegment;
  endOfLog(): void;
  goLive(options: LiveOptions): void;
  acknowledge(sequence: bigint): void;
  releaseOutputs(through: bigint): void;
  announce(): boolean;
  consoleInput(bytes: Buffer): void;
  control(kind: string): void;
  setSpeedLimit(share: number): void;
  digest(): MachineDigest;
  status(): Omit<MachineStatus, 'residentBytes'>;
  stop(): void;
}

type NativeEvent = (name: string, value: unknown) => void;

interface Addon {
  readonly version: number;
  readonly errorCodes: readonly string[];
  hash64(bytes: Buffer): bigint;
  readonly NativeMachine: new (
    config: Omit<GuestConfig, 'kernelPath' | 'initramfsPath'> & {
      readonly kernel: Buffer | null;
      readonly initramfs: Buffer | null;
    },
    onEvent: NativeEvent,
  ) => NativeMachine;
}

/** native/addon/addon.cpp has the same: an addon left over from another build is refused. */
const borderVersion = 1;

let loadedAddon: Addon | null = null;

function addon(): Addon {
  if (loadedAddon !== null) return loadedAddon;
  const require = createRequire(import.meta.url);
  // From dist/src/flow/machine as well as from src/flow/machine.
  const candidates = ['../../../../build/Release/vmft.node', '../../../build/Release/vmft.node'];
  let lastError: unknown = null;
  for (const path of candidates) {
    let found: Addon;
    try {
      found = require(path) as Addon;
    } catch (error) {
      if (lastError === null || !isNotFound(error)) lastError = error;
      continue;
    }
    if (found.version !== borderVersion) {
      throw new MachineError(
        'internal',
        `the native addon is of another build (${String(found.version)}, not ${String(borderVersion)})`,
        'run: npm run setup',
      );
    }
    loadedAddon = found;
    return found;
  }
  throw new MachineError(
    'internal',
    `the native addon cannot be loaded: ${lastError instanceof Error ? (lastError.message.split('\n')[0] ?? '') : String(lastError)}`,
    'run: npm run setup',
    lastError,
  );
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && (error as { code?: unknown }).code === 'MODULE_NOT_FOUND';
}

/** The 64-bit digest of native/base/hash64.h: finds accidents, not forgery. */
export function hash64(bytes: Buffer): bigint {
  return addon().hash64(bytes);
}

/** The codes the addon's errors carry, for the test that compares them with src/base/errors.ts. */
export function nativeErrorCodes(): readonly string[] {
  return addon().errorCodes;
}

/**
 * A machine in mode `created`. Without `images` it has no guest until it is restored.
 * Throws `kernel-unusable`, `memory-too-small`, `memory-unavailable` or `bad-argument`.
 */
export function createNativeMachine(
  config: GuestConfig,
  images: GuestImages | null,
  events: MachineEvents,
): ReplayMachine {
  return new AddonMachine(config, images, events);
}

class AddonMachine implements ReplayMachine {
  readonly config: GuestConfig;
  private readonly native: NativeMachine;
  private readonly pauses: PendingPauses;

  constructor(config: GuestConfig, images: GuestImages | null, events: MachineEvents) {
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

  snapshotBegin(): { readonly bytes: number; readonly checksum: bigint } {
    return mapped(() => this.native.snapshotBegin());
  }

  snapshotRead(offset: number, maxBytes: number): Buffer {
    return mapped(() => this.native.snapshotRead(offset, maxBytes));
  }

  snapshotEnd(): void {
    mapped(() => {
      this.native.snapshotEnd();
    });
  }

  restoreChunk(offset: number, bytes: Buffer): void {
    mapped(() => {
      this.native.restoreChunk(offset, bytes);
    });
  }

  restoreEnd(bytes: number, checksum: bigint): void {
    mapped(() => {
      this.native.restoreEnd(bytes, checksum);
    });
  }

  startReplica(options: {
    readonly generation: bigint | null;
    readonly untilTicks?: bigint | undefined;
  }): void {
    mapped(() => {
      this.native.startReplica({
        generation: options.generation,
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

  releaseOutputs(through: bigint): void {
    mapped(() => {
      this.native.releaseOutputs(through);
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

  digest(): MachineDigest {
    return mapped(() => this.native.digest());
  }

  status(): MachineStatus {
    return { ...mapped(() => this.native.status()), residentBytes: process.memoryUsage.rss() };
  }

  stop(): void {
    mapped(() => {
      this.native.stop();
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

/** Runs a call of the addon; its errors become {@link MachineError}. */
function mapped<T>(call: () => T): T {
  try {
    return call();
  } catch (thrown) {
    const error = asVmftError(thrown);
    throw error instanceof MachineError
      ? error
      : new MachineError(error.code, error.message, error.whatToDo, thrown);
  }
}
