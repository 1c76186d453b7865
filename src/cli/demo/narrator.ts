import { systemClock } from '../../flow/world/system-clock.js';

/** Tells what happens, with the time since the start; to standard error when standard output is for JSON. */
export class Narrator {
  private readonly startMs = systemClock.realtimeMs();
  private readonly stream: NodeJS.WriteStream;
  private transient = false;

  constructor(
    json: boolean,
    private readonly brief: boolean,
  ) {
    this.stream = json ? process.stderr : process.stdout;
  }

  /** A step of a run; not told when only results are wanted (`--runs`). */
  step(text: string, realtimeMs = systemClock.realtimeMs()): void {
    if (!this.brief) this.line(`${this.stamp(realtimeMs)}  ${text}`);
  }

  line(text: string): void {
    this.clearTransient();
    this.stream.write(`${text}\n`);
  }

  /** A line that the next one replaces; only on a terminal. */
  progress(text: string): void {
    if (!this.stream.isTTY) return;
    this.clearTransient();
    this.stream.write(`${this.stamp(systemClock.realtimeMs())}  ${text}`);
    this.transient = true;
  }

  private stamp(realtimeMs: number): string {
    return `${((realtimeMs - this.startMs) / 1000).toFixed(1).padStart(6)} s`;
  }

  private clearTransient(): void {
    if (!this.transient) return;
    this.stream.write('\r\x1b[2K');
    this.transient = false;
  }
}
