import { asVmftError, VmftError } from '../../base/errors.js';
import { limits } from '../../base/limits.js';
import type { CopiedPages } from '../machine/machine.js';
import type { InsertedPause } from './inserted-pause.js';
import type { SnapshotMachine } from './snapshot-format.js';

/** Where a snapshot's parts go, in order. */
export interface SnapshotSink {
  readonly writtenBytes: number;
  pages(pages: Buffer): Promise<void>;
  state(state: Buffer): Promise<void>;
}

export interface SnapshotTaken {
  readonly machine: SnapshotMachine;
  /** How long the guest stood still. */
  readonly pauseMs: number;
}

export interface SnapshotProgress {
  readonly writtenBytes: number;
  /** Of the guest's memory, not copied yet as far as known. */
  readonly leftBytes: number;
}

export interface TakeOptions {
  readonly nowMs: () => number;
  /** After each part. */
  readonly progress: (progress: SnapshotProgress) => void;
  /** True: give it up; rejects with `stopped`. */
  readonly given: () => boolean;
  /** Of memory in one part, and left at the pause; for tests. */
  readonly pieceBytes?: number;
  readonly pauseBytes?: number;
}

/**
 * Copies a live machine into `sink` while its guest runs, in rounds: what it changed in one is copied in the next, until
 * little is left or the rounds do not get smaller. Then the guest stands still for the rest and for the state.
 *
 * Rejects with `wrong-mode` when the machine does not run, or its role began to copy or pause it; with what the sink
 * rejects with. The guest goes on in any case.
 */
export async function takeSnapshot(
  pause: InsertedPause,
  sink: SnapshotSink,
  options: TakeOptions,
): Promise<SnapshotTaken> {
  pause.beginCopy();
  try {
    await copyRunning(pause, sink, options);
    const taken = await copyRest(pause, sink, options);
    requireWanted(options);
    return taken;
  } catch (thrown) {
    if (options.given()) throw new VmftError('stopped', 'the snapshot was given up', '', thrown);
    throw asVmftError(thrown);
  } finally {
    pause.endCopy();
  }
}

function requireWanted({ given }: TakeOptions): void {
  if (given()) throw new VmftError('stopped', 'nobody waits for it any more');
}

async function copyRunning(
  pause: InsertedPause,
  sink: SnapshotSink,
  options: TakeOptions,
): Promise<void> {
  const { pieceBytes = limits.imagePagesMemoryBytes, pauseBytes = limits.snapshotPauseBytes } =
    options;
  let before = Infinity;
  for (let round = 0; round < limits.snapshotRoundsMax; round += 1) {
    let leftBytes = await pause.copied.copyChanges();
    if (leftBytes <= pauseBytes || leftBytes > 0.7 * before) return;
    before = leftBytes;
    for (;;) {
      const piece = await pause.copied.copyRead(pieceBytes);
      if (piece === null) break;
      await sink.pages(piece.data);
      leftBytes = Math.max(0, leftBytes - piece.memoryBytes);
      options.progress({ writtenBytes: sink.writtenBytes, leftBytes });
      requireWanted(options);
    }
  }
}

async function copyRest(
  pause: InsertedPause,
  sink: SnapshotSink,
  { nowMs, pieceBytes = limits.imagePagesMemoryBytes }: TakeOptions,
): Promise<SnapshotTaken> {
  const last: Buffer[] = [];
  const { state, machine, pauseMs } = await pause.whilePaused(async () => {
    const beganMs = nowMs();
    const { copied } = pause;
    const bytes = copied.copyState();
    // On another thread while this one digests. The file's disk is not waited for unless there is much.
    let reading: Promise<CopiedPages | null> = copied.copyRead(pieceBytes);
    reading.catch(() => undefined);
    const found = snapshotMachine(copied);
    for (let kept = 0, piece = await reading; piece !== null; piece = await reading) {
      last.push(piece.data);
      kept += piece.data.length;
      if (kept > limits.snapshotKeptBytesMax) {
        for (const pages of last.splice(0)) await sink.pages(pages);
        kept = 0;
      }
      reading = copied.copyRead(pieceBytes);
    }
    return { state: bytes, machine: found, pauseMs: nowMs() - beganMs };
  });
  for (const pages of last) await sink.pages(pages);
  await sink.state(state);
  return { machine, pauseMs };
}

/** Digesting all memory stops everything: only where that is short. */
function snapshotMachine(copied: InsertedPause['copied']): SnapshotMachine {
  const { memoryBytes } = copied.config;
  const ofMemory = memoryBytes <= limits.snapshotDigestMemoryBytesMax;
  const { position, state, memory } = copied.digest(ofMemory);
  const { virtualNs } = copied.status();
  const ticks = position.ticks;
  return { ticks, virtualNs, stateDigest: state, memoryDigest: memory };
}
