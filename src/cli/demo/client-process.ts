import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

import { VmftError } from '../../base/errors.js';
import { systemClock } from '../../flow/world/system-clock.js';
import type { ClientReport, ClientResult } from './counter-client.js';
import { counterPort, guestAddress, type DemoPlace } from './demo-network.js';

const clientScript = fileURLToPath(new URL('./counter-client.js', import.meta.url));

/** The counting client, in its namespace. */
export class ClientProcess {
  answers = 0;
  /** When the last answer came that we heard of, milliseconds since 1970. */
  lastRealtimeMs = 0;
  private result: ClientResult | null = null;
  private exited = false;
  private connected = false;
  private stderr = '';
  private readonly child: ChildProcess;
  private readonly changed = new Set<() => void>();

  constructor(network: Pick<DemoPlace, 'client'>) {
    const command = [process.execPath, clientScript, guestAddress, String(counterPort)];
    this.child = network.client.spawn(command, ['pipe', 'pipe', 'pipe']);
    this.child.stdin?.on('error', () => undefined);
    this.child.stderr?.on('data', (bytes: Buffer) => {
      this.stderr += bytes.toString('utf8');
    });
    const lines = createInterface({ input: this.child.stdout as Readable });
    lines.on('line', (line) => {
      this.take(JSON.parse(line) as ClientReport);
    });
    const over = (): void => {
      this.exited = true;
      this.tell();
    };
    this.child.on('error', over);
    this.child.on('close', over);
  }

  /** Resolves when the connection stands and has given its first answers. */
  async counting(timeoutMs: number): Promise<void> {
    await this.until(() => this.connected && this.answers > 0, 'connect to the guest', timeoutMs);
  }

  /**
   * Resolves with true when an increment was answered that was asked after `realtimeMs`, false when none was in
   * time or the connection is gone.
   */
  async answeredAfter(realtimeMs: number, timeoutMs: number): Promise<boolean> {
    const fresh = (): boolean => this.lastRealtimeMs > realtimeMs;
    await this.until(() => fresh() || this.result !== null, 'be answered', timeoutMs).catch(
      () => undefined,
    );
    return fresh();
  }

  /** Asks for the final value and ends. */
  async finish(timeoutMs: number): Promise<ClientResult> {
    this.child.stdin?.end();
    await this.until(() => this.result !== null, 'end', timeoutMs);
    return this.result as ClientResult;
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  private take(report: ClientReport): void {
    if (report.type === 'connected') this.connected = true;
    else if (report.type === 'result') this.result = report;
    else {
      this.answers = report.answers;
      this.lastRealtimeMs = report.lastRealtimeMs;
    }
    this.tell();
  }

  private tell(): void {
    for (const look of [...this.changed]) look();
  }

  private until(wanted: () => boolean, what: string, timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (failed: boolean): void => {
        cancel();
        this.changed.delete(look);
        if (failed) {
          reject(new VmftError('internal', `the client did not ${what}: ${this.stderr.trim()}`));
        } else resolve();
      };
      const look = (): void => {
        if (wanted()) settle(false);
        else if (this.exited) settle(true);
      };
      const cancel = systemClock.after(timeoutMs, () => {
        settle(true);
      });
      this.changed.add(look);
      look();
    });
  }
}
