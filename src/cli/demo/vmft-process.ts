import { createInterface } from 'node:readline';

import { VmftError } from '../../base/errors.js';
import { systemClock } from '../../flow/world/system-clock.js';
import type { DemoHost } from './demo-network.js';
import type { VmftChild } from './vmft-child.js';

/** A line of `--json-events`. */
export interface VmftEvent {
  readonly type: string;
  readonly realtimeMs: number;
  readonly [field: string]: unknown;
}

interface Waiter {
  readonly wanted: () => boolean;
  readonly settle: (error: VmftError | null) => void;
}

/** A `vmft` of a host: what it said, and how it ends. */
export class VmftProcess {
  readonly events: VmftEvent[] = [];
  /** The guest's console, as far as this replica showed it. */
  console = '';
  private notices = '';
  private status: string | null = null;
  private readonly waiters = new Set<Waiter>();
  private readonly child: VmftChild;

  constructor(
    readonly host: DemoHost,
    command: readonly string[],
    private readonly onEvent: (event: VmftEvent) => void = () => undefined,
  ) {
    this.child = host.start([...command, '--json-events', '3']);
    this.child.stdout.on('data', (bytes: Buffer) => {
      this.console += bytes.toString('latin1');
      this.look();
    });
    this.child.stderr.on('data', (bytes: Buffer) => {
      this.notices += bytes.toString('utf8');
    });
    const lines = createInterface({ input: this.child.events });
    lines.on('line', (line) => {
      this.take(line);
    });
    this.child.onEnd((how) => {
      this.ended(how);
    });
  }

  get processId(): number {
    return this.child.processId;
  }

  /** How it ended; null while it runs. */
  get end(): string | null {
    return this.status;
  }

  /** Resolves with the first event of a type, past or future. */
  event(type: string, timeoutMs: number): Promise<VmftEvent> {
    return this.eventAfter(0, type, timeoutMs);
  }

  /** The same, not counting the first `skipped` events. */
  async eventAfter(skipped: number, type: string, timeoutMs: number): Promise<VmftEvent> {
    const find = (): VmftEvent | undefined =>
      this.events.find((event, index) => index >= skipped && event.type === type);
    await this.until(() => find() !== undefined, `'${type}'`, timeoutMs);
    return find() as VmftEvent;
  }

  /** Resolves with how it ended. */
  async ends(timeoutMs: number): Promise<string> {
    await this.until(() => this.status !== null, 'its end', timeoutMs);
    return this.status ?? '';
  }

  consoleText(text: string, timeoutMs: number): Promise<void> {
    return this.consoleAfter(0, text, timeoutMs);
  }

  /** The same, not counting the first `skipped` characters. */
  async consoleAfter(skipped: number, text: string, timeoutMs: number): Promise<void> {
    const shown = (): boolean => this.console.includes(text, skipped);
    await this.until(shown, `${JSON.stringify(text)} on the console`, timeoutMs);
  }

  /** SIGKILL; returns when it was sent, milliseconds since 1970. */
  kill(): number {
    const atMs = systemClock.realtimeMs();
    this.child.kill();
    return atMs;
  }

  /** SIGSTOP: it keeps what it holds, and does nothing until {@link thaw}. */
  freeze(): void {
    if (this.status === null && this.processId > 0) process.kill(this.processId, 'SIGSTOP');
  }

  thaw(): void {
    if (this.status === null && this.processId > 0) process.kill(this.processId, 'SIGCONT');
  }

  /** The guest is asked to power off. Only of a live replica. */
  pressPowerButton(): void {
    if (this.status === null && this.processId > 0) process.kill(this.processId, 'SIGPWR');
  }

  private until(wanted: () => boolean, what: string, timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = systemClock.after(timeoutMs, () => {
        waiter.settle(this.failure(`did not show ${what} within ${timeoutMs / 1000} s`));
      });
      const waiter: Waiter = {
        wanted,
        settle: (error) => {
          cancel();
          this.waiters.delete(waiter);
          if (error === null) resolve();
          else reject(error);
        },
      };
      this.waiters.add(waiter);
      this.look();
    });
  }

  private take(line: string): void {
    let event: VmftEvent;
    try {
      event = JSON.parse(line) as VmftEvent;
    } catch {
      return;
    }
    this.events.push(event);
    this.onEvent(event);
    this.look();
  }

  private look(): void {
    for (const waiter of [...this.waiters]) {
      if (waiter.wanted()) waiter.settle(null);
      else if (this.status !== null) waiter.settle(this.failure(`ended (${this.status})`));
    }
  }

  private ended(how: string): void {
    this.status ??= how;
    this.look();
  }

  private failure(what: string): VmftError {
    const tail = this.notices.trim().split('\n').slice(-3).join(' / ');
    return new VmftError(
      'internal',
      `vmft on host ${this.host.label} ${what}${tail === '' ? '' : `: ${tail}`}`,
    );
  }
}
