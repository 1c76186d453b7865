import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

import { VmftError } from '../../base/errors.js';
import { Counts, perSecond, type Told } from './counts.js';
import type { GuestShell } from './guest-shell.js';

const pollMs = 50;
/** Between two counts. Some are told each second; but a guest may wait for a backup that has to catch up. */
const silenceMsMax = 30_000;
const stopMsMax = 10_000;
const linesKept = 8;

/**
 * A workload that is a process which tells how much it has done since its start, some times a second, a line each. Lines
 * that tell no count are kept for what is said when it fails.
 */
export class CountingProcess {
  private readonly counts = new Counts();
  private readonly otherLines: string[] = [];
  private over = false;
  private group: number | null = null;

  /**
   * @param countIn what a line tells; null: nothing
   * @param shell of the guest, when the process was made by {@link GuestShell.follow}
   */
  constructor(
    private readonly child: ChildProcess,
    private readonly countIn: (line: string) => number | null,
    private readonly shell: GuestShell | null = null,
  ) {
    for (const stream of [child.stdout, child.stderr]) {
      if (stream !== null) this.read(stream);
    }
    const ended = (): void => {
      this.over = true;
    };
    child.on('error', ended);
    child.on('close', ended);
  }

  /** Resolves when it has counted on for this long, so that what it runs is warm. When it rejects, the process is gone. */
  async warm(durationMs: number, startMsMax: number): Promise<void> {
    try {
      const untilMs = performance.now() + startMsMax;
      while (!this.counts.growing) {
        this.checkRunning();
        if (performance.now() > untilMs) throw this.failure('did not begin to work in time');
        await sleep(pollMs);
      }
      await sleep(durationMs);
    } catch (error) {
      this.kill();
      throw error;
    }
  }

  /** From the next count to the first higher one that comes when the time is over: a stall at the end is part of it. */
  async measure(durationMs: number): Promise<number> {
    const from = await this.countFrom(performance.now());
    await sleep(from.atMs + durationMs - performance.now());
    return perSecond(from, await this.countFrom(from.atMs + durationMs, from.count));
  }

  /** Throws `internal` when it has ended. */
  checkRunning(): void {
    if (this.over) throw this.failure('ended by itself');
  }

  async stop(): Promise<void> {
    try {
      if (this.shell !== null && this.group !== null && !this.over)
        await this.shell.endGroup(this.group, stopMsMax);
    } finally {
      this.kill();
    }
  }

  /** At once, without a word to the guest. */
  kill(): void {
    this.child.kill('SIGKILL');
  }

  private async countFrom(atMs: number, above?: number): Promise<Told> {
    for (;;) {
      const told = this.counts.firstFrom(atMs, above);
      if (told !== null) return told;
      this.checkRunning();
      if (performance.now() > atMs + silenceMsMax)
        throw this.failure(`stood still for ${silenceMsMax / 1000} s`);
      await sleep(pollMs);
    }
  }

  private read(stream: Readable): void {
    createInterface({ input: stream }).on('line', (line) => {
      const nowMs = performance.now();
      const group = /^group (\d+)$/.exec(line)?.[1];
      const count = this.countIn(line);
      if (group !== undefined) this.group = Number(group);
      else if (count !== null) this.counts.add(count, nowMs);
      else if (line.trim() !== '') this.keep(line.trim());
    });
  }

  private keep(line: string): void {
    this.otherLines.push(line);
    if (this.otherLines.length > linesKept) this.otherLines.shift();
  }

  private failure(what: string): VmftError {
    const said = this.otherLines.slice(-2).join(' / ');
    return new VmftError('internal', `the workload ${what}${said === '' ? '' : `: ${said}`}`);
  }
}
