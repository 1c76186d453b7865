import { Presets, SingleBar } from 'cli-progress';

import type { OperationProgress } from '../host/api/methods.js';

/**
 * How far an operation on a host has come, on standard error: a bar on a terminal while bytes are under way, a line for
 * each step elsewhere, and every five seconds within one.
 */
export class OperationDisplay {
  private step = '';
  private pauseMs = 0;
  private bar: SingleBar | null = null;
  private toldAtMs = 0;

  constructor(
    private readonly terminal: boolean = process.stderr.isTTY,
    private readonly write: (line: string) => void = (line) => process.stderr.write(`${line}\n`),
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** What came of it is the caller's to say. */
  show(progress: OperationProgress): void {
    if (progress.done) {
      this.stop();
      return;
    }
    const fresh = progress.step !== this.step;
    const paused = progress.pauseMs !== 0 && progress.pauseMs !== this.pauseMs;
    this.step = progress.step;
    this.pauseMs = progress.pauseMs;
    if (this.terminal) this.draw(progress, fresh);
    else this.tell(progress, fresh || paused);
  }

  /** Idempotent. A bar goes away; what it came to stays. */
  stop(): void {
    if (this.bar === null) return;
    this.bar.stop();
    this.bar = null;
    if (this.pauseMs > 0) this.write(`  ${pauseText(this.pauseMs)}`);
  }

  private tell(progress: OperationProgress, fresh: boolean): void {
    const now = this.nowMs();
    if (!fresh && now - this.toldAtMs < linePeriodMs) return;
    this.toldAtMs = now;
    this.write([progress.step, ...figures(progress)].join(', '));
  }

  private draw(progress: OperationProgress, fresh: boolean): void {
    const { sentBytes, leftBytes } = progress;
    if (fresh) {
      this.stop();
      this.write(progress.step);
    }
    if (sentBytes + leftBytes === 0) return;
    const total = sentBytes + leftBytes;
    const values = { figures: figures(progress).join(' | ') };
    if (this.bar === null) {
      this.bar = new SingleBar(barOptions, Presets.shades_classic);
      this.bar.start(total, sentBytes, values);
      return;
    }
    this.bar.setTotal(total);
    this.bar.update(sentBytes, values);
  }
}

const linePeriodMs = 5_000;

const barOptions = {
  format: '  {bar} {percentage}% | {figures}',
  stream: process.stderr,
  clearOnComplete: true,
  hideCursor: true,
};

/** What is known: bytes, rate, time left, and the guest's pause. */
function figures(progress: OperationProgress): string[] {
  const { sentBytes, leftBytes, bytesPerSecond, pauseMs } = progress;
  if (sentBytes + leftBytes === 0) return pauseMs === 0 ? [] : [pauseText(pauseMs)];
  const parts = [`${mebibytes(sentBytes)} sent, ${mebibytes(leftBytes)} left`];
  if (bytesPerSecond > 0) {
    parts.push(`${mebibytes(bytesPerSecond)}/s`);
    parts.push(`about ${durationText((leftBytes / bytesPerSecond) * 1_000)}`);
  }
  if (pauseMs > 0) parts.push(pauseText(pauseMs));
  return parts;
}

function pauseText(pauseMs: number): string {
  return `guest paused ${pauseMs} ms`;
}

export function mebibytes(bytes: number): string {
  const value = bytes / 2 ** 20;
  return value >= 10_240
    ? `${(value / 1024).toFixed(1)} GiB`
    : `${value.toFixed(value < 10 ? 1 : 0)} MiB`;
}

/** `0 s`, `59 s`, `2 min 5 s`, `3 h 4 min`, `2 d 3 h`. */
export function durationText(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1_000));
  if (s < 60) return `${s} s`;
  if (s < 3_600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  if (s < 86_400) return `${Math.floor(s / 3_600)} h ${Math.floor((s % 3_600) / 60)} min`;
  return `${Math.floor(s / 86_400)} d ${Math.floor((s % 86_400) / 3_600)} h`;
}
