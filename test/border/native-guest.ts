import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { softAccelerator, type Accelerator } from '../../src/flow/machine/accelerator.js';
import type {
  CopiedPages,
  ExecutionProgress,
  GuestConfig,
  LiveOptions,
  Machine,
  MachineEvents,
  Position,
  RecordedSegment,
  Stopped,
} from '../../src/flow/machine/machine.js';
import { createNativeMachine, type ReplayMachine } from '../../src/flow/machine/native-machine.js';

const guests = fileURLToPath(new URL('../../../.cache/images/guests', import.meta.url));

/** The image of one of images/guests; `npm test` builds them. */
export function guestImage(name: string): Buffer {
  const path = join(guests, `${name}.elf`);
  if (!existsSync(path)) throw new Error(`${path} is missing: run node images/build.mjs guests`);
  return readFileSync(path);
}

export const testConfig: GuestConfig = {
  memoryBytes: 64 << 20,
  kernelPath: '',
  initramfsPath: null,
  commandLine: 'console=ttyS0',
  mac: Buffer.from([2, 0, 0, 0, 0, 1]),
  randomSeed: Buffer.alloc(32, 7),
  realtimeNs: 1_700_000_000_000_000_000n,
  cpu: null,
  disks: [],
};

export const recordingOptions: LiveOptions = {
  generation: 1n,
  gated: false,
  recording: true,
  replication: 'replay',
  unacknowledgedBytesMax: Infinity,
};

/** A native machine that keeps what it tells. */
export class ObservedMachine implements MachineEvents {
  readonly machine: ReplayMachine;
  readonly segments: RecordedSegment[] = [];
  readonly console_: Buffer[] = [];
  progress: ExecutionProgress | null = null;
  livePosition: Position | null = null;
  readonly ended: Promise<Stopped>;
  private end: (stopped: Stopped) => void = () => undefined;
  onSegment: (segment: RecordedSegment) => void = () => undefined;
  onConsole: () => void = () => undefined;

  /** `kernel` null: a machine that will be restored. */
  constructor(
    kernel: Buffer | null,
    config: GuestConfig = testConfig,
    accelerator: Accelerator = softAccelerator,
  ) {
    this.ended = new Promise((resolve) => {
      this.end = resolve;
    });
    this.machine = createNativeMachine(
      config,
      kernel === null ? null : { kernel, initramfs: null },
      this,
      accelerator,
    );
  }

  get text(): string {
    return Buffer.concat(this.console_).toString('latin1');
  }

  segment(segment: RecordedSegment): void {
    this.segments.push(segment);
    this.onSegment(segment);
  }
  console(bytes: Buffer): void {
    this.console_.push(bytes);
    this.onConsole();
  }
  executed(progress: ExecutionProgress): void {
    this.progress = progress;
  }
  live(position: Position): void {
    this.livePosition = position;
  }
  stopped(stopped: Stopped): void {
    this.end(stopped);
  }

  /** Resolves when the console has shown `wanted`. */
  shows(wanted: string): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (this.text.includes(wanted)) resolve();
      };
      this.onConsole = look;
      look();
    });
  }
}

export interface Image {
  readonly pages: readonly CopiedPages[];
  readonly state: Buffer;
}

/** Copies a live machine in some rounds, and leaves it paused. */
export async function imageOf(machine: Machine, rounds: number): Promise<Image> {
  const pages: CopiedPages[] = [];
  const readAll = async (): Promise<void> => {
    for (;;) {
      const piece = await machine.copyRead(256 << 10);
      if (piece === null) return;
      pages.push(piece);
    }
  };
  machine.copyBegin();
  for (let round = 0; round < rounds; round += 1) {
    await readAll();
    await machine.copyChanges();
  }
  await machine.pause();
  const state = machine.copyState();
  await readAll();
  return { pages, state };
}
