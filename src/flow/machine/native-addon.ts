import { createRequire } from 'node:module';

import { asVmftError, MachineError } from '../../base/errors.js';
import type { Disk, OpenDiskOptions } from '../world/disk.js';
import type { CounterOptions } from './accelerator.js';
import type { CpuidLeaf } from './guest-cpu.js';
import type {
  CounterMeasure,
  KvmPreflight,
  SpecLockMap,
  StopCost,
  VcpuCost,
} from './kvm-measures.js';
import type {
  CopiedPages,
  DiskRange,
  FedSegment,
  GuestConfig,
  LiveOptions,
  MachineDigest,
  MachineStatus,
  Replication,
  TapOptions,
} from './machine.js';

/** What native/addon exports; see native/addon/machine_handle.h. */
export interface NativeMachine {
  attachTap(options: TapOptions): void;
  attachDisk(index: number, disk: NativeDisk): void;
  startLive(options: LiveOptions): void;
  pause(): void;
  resume(options: LiveOptions): void;
  reconfigure(options: LiveOptions): void;
  copyBegin(): void;
  copyRead(memoryBytesMax: number): Promise<CopiedPages | null>;
  copyChanges(): Promise<number>;
  copyState(): Buffer;
  copyEnd(): void;
  restorePages(pages: Buffer): void;
  restoreState(state: Buffer): void;
  startReplica(options: {
    generation: bigint | null;
    replication: Replication;
    untilTicks: bigint | undefined;
  }): void;
  feed(frame: Buffer): FedSegment;
  endOfLog(): void;
  goLive(options: LiveOptions): void;
  acknowledge(sequence: bigint): void;
  releaseOutputs(through: bigint, untilMs: number): void;
  announce(): boolean;
  diskReadsDone(count: bigint): void;
  trackDiskChanges(index: number, on: boolean): void;
  takeDiskChanges(index: number): DiskRange[];
  consoleInput(bytes: Buffer): void;
  control(kind: string): void;
  setCpuShare(share: number): void;
  setSpeedLimit(share: number): void;
  digest(ofMemory: boolean): MachineDigest;
  /** `stops` is all zero where the accelerator counts instructions. */
  status(): Omit<MachineStatus, 'residentBytes'>;
  stop(): void;
  close(): void;
}

/** See native/addon/disk_handle.h, and src/flow/world/disk.ts for what its methods do. */
export interface NativeDisk extends Omit<
  Disk,
  'url' | 'kind' | 'capacityBytes' | 'blockBytes' | 'readOnly' | 'supportsCompareAndWrite'
> {
  /** What a machine does when it goes live: waits until nobody else writes the disk. */
  claim(): Promise<void>;
  geometry(): Pick<
    Disk,
    'url' | 'kind' | 'capacityBytes' | 'blockBytes' | 'readOnly' | 'supportsCompareAndWrite'
  >;
}

/** The steps of a disk write's life, in order; see native/runner/crash_point.h. */
export const crashPoints = [
  'write-requested',
  'write-sent',
  'write-released',
  'write-issued',
  'write-done',
  'completion-recorded',
] as const;

/** For tests: at the `count`th time of this step since a backup has the machine, the process kills itself (SIGKILL). */
export interface CrashAt {
  readonly point: (typeof crashPoints)[number];
  /** From 1. */
  readonly count: number;
}

/** A rest of a replica's role; see native/world/heartbeat_rest.h. Times are on the monotonic clock. */
export interface NativeRest {
  /** Our heartbeat, from which the peer's differ in their counter and echo only: 8 bytes at these places. */
  readonly datagram: Buffer;
  readonly counterAt: number;
  readonly echoAt: number;
  readonly host: string;
  readonly port: number;
  readonly sent: bigint;
  readonly heard: bigint;
  readonly dueMs: number;
  readonly periodMs: number;
  readonly heardMs: number;
  readonly lateAfterMs: number;
  readonly untilMs: number;
}

/** A beat that went out in a rest. */
export interface NativeBeat {
  /** Before it was sent. */
  readonly atMs: number;
  /** Its counter. */
  readonly sent: bigint;
  /** What had come since the one before, oldest first; a moment after `atMs` at the latest. */
  readonly heard: readonly {
    readonly counter: bigint;
    readonly echo: bigint;
    readonly atMs: number;
  }[];
}

/** See native/world/heartbeat_socket.h. Its methods do nothing once it is closed. */
export interface NativeHeartbeats {
  port(): number;
  send(bytes: Buffer, host: string, port: number): void;
  /** The oldest datagram that has come, and how long ago; null: there is no more. */
  receive(): { bytes: Buffer; host: string; port: number; ageMs: number } | null;
  /**
   * Beats by itself from now on. `over` is called once, when it does so no longer; not by `rise` or `close`. Throws `wrong-mode`
   * when it rests already.
   */
  rest(plan: NativeRest, over: () => void): void;
  /** Ends the rest: what went out in it, oldest first; empty when there was none. */
  rise(): NativeBeat[];
  close(): void;
}

export type NativeEvent = (name: string, value: unknown) => void;

export interface Addon {
  readonly version: number;
  readonly errorCodes: readonly string[];
  readonly stopReasons: readonly string[];
  hash64(bytes: Buffer): bigint;
  cpuModel(): CpuidLeaf[];
  reducedCpuModel(): CpuidLeaf[];
  whyNotHere(leaves: readonly CpuidLeaf[]): string;
  whyNoCounter(): string;
  kvmCapability(number: number): number;
  vcpuCost(): VcpuCost;
  stopCost(counter: CounterOptions, stops: number): StopCost;
  specLockMap(): SpecLockMap;
  kvmPreflight(): KvmPreflight;
  measureCounter(counter: CounterOptions): CounterMeasure;
  readonly NativeMachine: new (
    config: Omit<GuestConfig, 'kernelPath' | 'initramfsPath' | 'cpu'> & {
      readonly kernel: Buffer | null;
      readonly initramfs: Buffer | null;
      /** Null: accelerator soft. */
      readonly cpuid: readonly CpuidLeaf[] | null;
      /** Null exactly where `cpuid` is. */
      readonly counter: CounterOptions | null;
      /** Of soft: no guest code is translated. */
      readonly interpret: boolean;
      readonly crashAt: CrashAt | null;
    },
    onEvent: NativeEvent,
  ) => NativeMachine;
  openDisk(url: string, options: OpenDiskOptions): Promise<NativeDisk>;
  /** Throws `address-unavailable`. */
  readonly NativeHeartbeats: new (host: string, port: number) => NativeHeartbeats;
}

/** native/addon/addon.cpp has the same: an addon left over from another build is refused. */
const borderVersion = 8;

let loadedAddon: Addon | null = null;

/** Loads it at the first call. Throws `internal` when it is not built, or by another build. */
export function addon(): Addon {
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

/** Runs a call of the addon; its errors become {@link MachineError}. */
export function mapped<T>(call: () => T): T {
  try {
    return call();
  } catch (thrown) {
    throw asMachineError(thrown);
  }
}

/** The same for a call that ends later. */
export async function mappedPromise<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (thrown) {
    throw asMachineError(thrown);
  }
}

function asMachineError(thrown: unknown): MachineError {
  const error = asVmftError(thrown);
  return error instanceof MachineError
    ? error
    : new MachineError(error.code, error.message, error.whatToDo, thrown);
}
