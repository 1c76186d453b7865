import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';

import { mainScript } from '../../src/cli/project-paths.js';

let lines = 0;

/** A vmft with what it said, and somebody at its terminal. */
export class TypedReplica {
  console = '';
  notices = '';
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly waiting = new Set<() => void>();

  constructor(
    options: readonly string[],
    private readonly timeoutMs = 30_000,
  ) {
    this.child = spawn(process.execPath, [mainScript, ...options]);
    this.child.stdin.on('error', () => undefined);
    this.child.stdout.on('data', (bytes: Buffer) => {
      this.console += bytes.toString('latin1');
      for (const look of [...this.waiting]) look();
    });
    this.child.stderr.on('data', (bytes: Buffer) => {
      this.notices += bytes.toString();
      for (const look of [...this.waiting]) look();
    });
  }

  type(text: string): void {
    this.child.stdin.write(text);
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  terminate(): void {
    this.child.kill('SIGTERM');
  }

  /** Its exit status; null when it was killed. */
  async ended(): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      await once(this.child, 'close');
    }
    return this.child.exitCode;
  }

  /** A line for the guest's shell; what it shows until it is done. */
  async shell(line: string): Promise<string> {
    lines += 1;
    this.console = '';
    // As it is typed the end does not look like its echo.
    this.type(`${line}; echo end-$((1000 + ${lines}))\n`);
    await this.shows('console', new RegExp(`end-${1000 + lines}`));
    return this.console;
  }

  /** The first group of `wanted`, once it is there. */
  shows(where: 'console' | 'notices', wanted: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`no ${String(wanted)} in ${this.console}\n${this.notices}`));
      }, this.timeoutMs);
      const look = (): void => {
        const found = wanted.exec(this[where]);
        if (found === null) return;
        clearTimeout(timer);
        this.waiting.delete(look);
        resolve(found[1] ?? '');
      };
      this.waiting.add(look);
      look();
    });
  }
}
