import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { GuestConfig, MachineEvents, Stopped } from '../../src/flow/machine/machine.js';
import type { RecordedSegment, MachineDigest } from '../../src/flow/machine/machine.js';
import { createNativeMachine, type GuestImages } from '../../src/flow/machine/native-machine.js';
import { imagesFolder } from '../../src/cli/project-paths.js';

/** What a guest did on the native machine, live or replayed. */
export interface NativeRun {
  readonly console: string;
  readonly segments: readonly RecordedSegment[];
  readonly stopped: Stopped;
  readonly digest: MachineDigest;
  readonly digestsChecked: bigint;
}

export function testGuestConfig(name: string): GuestConfig {
  return {
    memoryBytes: 32 * 2 ** 20,
    kernelPath: join(imagesFolder, 'guests', `${name}.elf`),
    initramfsPath: null,
    commandLine: '',
    mac: null,
    randomSeed: Buffer.alloc(32, 7),
    realtimeNs: 1_700_000_000_000_000_000n,
    cpu: null,
    disks: [],
  };
}

export function imagesOf(config: GuestConfig): GuestImages {
  return { kernel: readFileSync(config.kernelPath), initramfs: null };
}

/** What a test sees of a machine, gathered until it has stopped. */
class Gathered {
  console = '';
  digestsChecked = 0n;
  readonly segments: RecordedSegment[] = [];
  readonly stopped: Promise<Stopped>;
  readonly events: MachineEvents;
  private onEvent: () => void = () => undefined;

  constructor() {
    let resolveStopped: (stopped: Stopped) => void = () => undefined;
    this.stopped = new Promise((resolve) => {
      resolveStopped = resolve;
    });
    this.events = {
      segment: (segment) => {
        this.segments.push({ ...segment, frame: Buffer.from(segment.frame) });
        this.onEvent();
      },
      console: (bytes) => {
        this.console += bytes.toString('latin1');
        this.onEvent();
      },
      executed: (progress) => {
        this.digestsChecked = progress.digestsChecked;
      },
      live: () => undefined,
      stopped: resolveStopped,
    };
  }

  /** Resolves when the guest has shown `text`, or has stopped. */
  async shown(text: string): Promise<void> {
    await this.until(() => this.console.replaceAll('\r', '').includes(text));
  }

  /** Resolves when `condition` holds behind an event, or the guest has stopped. */
  async until(condition: () => boolean): Promise<void> {
    const seen = new Promise<void>((resolve) => {
      this.onEvent = () => {
        if (condition()) resolve();
      };
      this.onEvent();
    });
    await Promise.race([seen, this.stopped]);
  }
}

/**
 * Runs a guest live, recorded from its first instruction. `input`: lines typed one by one once it has shown the
 * first of `shows`; when it has shown them all and `powerOff` is true, it is powered off.
 */
export async function recordGuest(
  config: GuestConfig,
  shows: readonly string[],
  input: readonly string[] = [],
  powerOff = false,
): Promise<NativeRun> {
  const gathered = new Gathered();
  const machine = createNativeMachine(config, imagesOf(config), gathered.events);
  try {
    machine.startLive({
      generation: 0n,
      gated: false,
      recording: true,
      replication: 'replay',
      unacknowledgedBytesMax: 2 ** 30,
    });
    if (input.length > 0) await gathered.shown(shows[0] ?? '');
    for (const line of input) {
      const before = gathered.segments.length;
      machine.consoleInput(Buffer.from(`${line}\n`));
      // Each line in a segment of its own.
      await gathered.until(() => gathered.segments.length > before);
    }
    if (powerOff) {
      await gathered.shown(shows.at(-1) ?? '');
      machine.control('power-off');
    }
    const stopped = await gathered.stopped;
    return { ...gathered, stopped, digest: machine.digest() };
  } finally {
    machine.stop();
  }
}

/** Replays frames on a fresh machine, to their end or to `untilTicks`. Throws what `feed` throws. */
export async function replayFrames(
  config: GuestConfig,
  frames: readonly Buffer[],
  untilTicks?: bigint,
): Promise<NativeRun> {
  const gathered = new Gathered();
  const machine = createNativeMachine(config, imagesOf(config), gathered.events);
  try {
    machine.startReplica({ generation: 0n, untilTicks });
    for (const frame of frames) {
      const { runUntilTicks } = machine.feed(frame);
      if (untilTicks !== undefined && runUntilTicks >= untilTicks) break;
    }
    const whole = untilTicks === undefined;
    if (whole) machine.endOfLog();
    const stopped = await gathered.stopped;
    return { ...gathered, stopped, digest: machine.digest() };
  } finally {
    machine.stop();
  }
}
