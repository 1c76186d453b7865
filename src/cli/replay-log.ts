import { isErrorCode, VmftError } from '../base/errors.js';
import type { Accelerator } from '../flow/machine/accelerator.js';
import type {
  ExecutionProgress,
  FedSegment,
  GuestConfig,
  MachineEvents,
  MachineStatus,
  Stopped,
  StopReason,
  StopStatistics,
} from '../flow/machine/machine.js';
import type { LogFileReader } from '../flow/world/log-file-reader.js';
import { isGuestEnd } from '../pair/role/pair-event.js';
import { systemClock } from '../flow/world/system-clock.js';
import type { GuestFiles } from './guest-files.js';
import { createNativeMachine, type ReplayMachine } from '../flow/machine/native-machine.js';

export interface ReplayPosition {
  readonly bytesExecuted: number;
  readonly ticks: bigint;
  readonly digestsChecked: bigint;
}

export interface ReplayRequest {
  readonly reader: LogFileReader;
  readonly guest: GuestConfig;
  readonly files: GuestFiles;
  /** The one that recorded the log. */
  readonly accelerator: Accelerator;
  /** Where to stop; null: at the log's end. */
  readonly untilTicks: bigint | null;
  readonly onProgress: (position: ReplayPosition) => void;
}

export interface ReplayResult {
  readonly ticks: bigint;
  readonly digestsChecked: bigint;
  readonly seconds: number;
  /** How the log ends: what the guest did, `stopped`, or `log-end` when --until came first. */
  readonly end: string;
  /** Of the guest's own time. */
  readonly virtualSeconds: number;
  /** What it took to stop where the log has inputs; null on soft. */
  readonly stops: StopStatistics | null;
  /** How guest code was executed. */
  readonly code: MachineStatus['code'];
}

/** Log that is read but not yet executed: enough to keep the machine busy. */
const aheadBytesMax = 32 * 2 ** 20;

/**
 * Feeds a machine with a log and waits until it has executed it. A frame is checked when it is fed, so
 * nothing behind a damaged one is executed. Throws what the reader and the machine find: `log-truncated`,
 * `log-corrupt`, `divergence` and the like.
 */
export async function replayLog(request: ReplayRequest): Promise<ReplayResult> {
  const { reader, guest, files, accelerator, untilTicks } = request;
  const track = new ReplayTrack(request.onProgress);
  const machine = createNativeMachine(guest, files, track.events, accelerator);
  const startMs = systemClock.nowMs();
  try {
    machine.startReplica({ generation: null, ...(untilTicks === null ? {} : { untilTicks }) });
    for await (const frame of reader.frames()) {
      const fed = unlessStopped(() => feed(machine, frame, reader));
      if (fed === null) {
        requireNotEnded(await track.stopped, reader);
        break;
      }
      await track.fed(fed.runUntilTicks, reader.position);
      if (untilTicks !== null && fed.runUntilTicks >= untilTicks) break;
    }
    unlessStopped(() => {
      machine.endOfLog();
    });
    const stopped = await track.stopped;
    const seconds = (systemClock.nowMs() - startMs) / 1000;
    requireGoodEnd(stopped, untilTicks, reader);
    const { virtualNs, stops, code } = machine.status();
    const reason: StopReason = stopped.reason;
    const end = reason === 'log-end' ? (reader.trailer?.endReason ?? reason) : reason;
    return {
      ticks: stopped.position.ticks,
      digestsChecked: track.digestsChecked,
      seconds,
      end,
      virtualSeconds: Number(virtualNs) / 1e9,
      stops,
      code,
    };
  } finally {
    machine.stop();
  }
}

/** Null when the machine has stopped: it has said why, or is about to. */
function unlessStopped<T>(run: () => T): T | null {
  try {
    return run();
  } catch (error) {
    if (error instanceof VmftError && error.code === 'wrong-mode') return null;
    throw error;
  }
}

function feed(machine: ReplayMachine, frame: Buffer, reader: LogFileReader): FedSegment {
  try {
    return machine.feed(frame);
  } catch (error) {
    if (!(error instanceof VmftError) || !error.code.startsWith('frame-')) throw error;
    throw new VmftError(
      'log-corrupt',
      `the log is damaged before byte ${reader.position}: ${error.message}`,
      'restore the file from a good copy',
      error,
    );
  }
}

/** A machine that takes no more frames has diverged; a guest that has ended has no more log. */
function requireNotEnded({ reason }: Stopped, reader: LogFileReader): void {
  if (!isGuestEnd(reason)) return;
  throw new VmftError(
    'log-corrupt',
    `the log is damaged before byte ${reader.position}: it goes on behind the guest's end (${reason})`,
    'restore the file from a good copy',
  );
}

function requireGoodEnd(stopped: Stopped, untilTicks: bigint | null, reader: LogFileReader): void {
  const { reason, message, position } = stopped;
  if (reason === 'divergence') {
    throw new VmftError(
      'divergence',
      message,
      'this vmft does not execute as the one that wrote the log',
    );
  }
  if (reason === 'internal-error' || reason === 'stopped') throw new VmftError('internal', message);
  if (isErrorCode(reason) && !isGuestEnd(reason)) {
    throw new VmftError(reason, message, stopped.whatToDo);
  }
  if (untilTicks !== null && position.ticks < untilTicks) {
    throw new VmftError(
      'usage',
      `the log ends at tick ${position.ticks}, before ${untilTicks}`,
      'give an earlier position with --until',
    );
  }
  const ended = reason === 'log-end' ? null : reason;
  const recorded = reader.trailer?.endReason ?? null;
  if (ended !== null && recorded !== null && recorded !== ended) {
    throw new VmftError('divergence', `the guest ended by ${ended}, and the log by ${recorded}`);
  }
}

/** What the machine has executed of what it was fed. */
class ReplayTrack {
  readonly events: MachineEvents;
  readonly stopped: Promise<Stopped>;
  digestsChecked = 0n;
  private ended = false;
  private readonly ahead: { readonly runUntilTicks: bigint; readonly position: number }[] = [];
  private executedBytes = 0;
  private fedBytes = 0;
  private resume: (() => void) | null = null;

  constructor(private readonly onProgress: (position: ReplayPosition) => void) {
    let resolveStopped: (stopped: Stopped) => void = () => undefined;
    this.stopped = new Promise((resolve) => {
      resolveStopped = resolve;
    });
    const nothing = (): void => undefined;
    this.events = {
      segment: nothing,
      console: nothing,
      live: nothing,
      executed: (progress) => {
        this.executed(progress);
      },
      stopped: (stopped) => {
        this.ended = true;
        this.resume?.();
        resolveStopped(stopped);
      },
    };
  }

  /** Resolves when the machine wants more. */
  async fed(runUntilTicks: bigint, position: number): Promise<void> {
    this.ahead.push({ runUntilTicks, position });
    this.fedBytes = position;
    if (this.fedBytes - this.executedBytes <= aheadBytesMax || this.ended) return;
    await new Promise<void>((resolve) => {
      this.resume = resolve;
    });
    this.resume = null;
  }

  private executed({ position, digestsChecked }: ExecutionProgress): void {
    this.digestsChecked = digestsChecked;
    let done = 0;
    for (const segment of this.ahead) {
      if (segment.runUntilTicks > position.ticks) break;
      this.executedBytes = segment.position;
      done += 1;
    }
    this.ahead.splice(0, done);
    if (this.fedBytes - this.executedBytes <= aheadBytesMax / 2) this.resume?.();
    this.onProgress({ bytesExecuted: this.executedBytes, ticks: position.ticks, digestsChecked });
  }
}
