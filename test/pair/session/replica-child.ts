import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import type { FromReplica, ReplicaOrder, ToReplica } from './replica-process.js';

const script = fileURLToPath(new URL('./replica-process.js', import.meta.url));

/** What a test sees of a replica's process, from outside. */
export class ReplicaChild {
  readonly seen: FromReplica[] = [];
  readonly exited: Promise<number | NodeJS.Signals>;
  private readonly child: ChildProcess;
  private readonly waiting = new Set<() => void>();

  constructor(order: ReplicaOrder) {
    this.child = fork(script, [JSON.stringify(order)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.child.on('message', (message: FromReplica) => {
      this.seen.push(message);
      for (const look of [...this.waiting]) look();
    });
    this.exited = new Promise((resolve) => {
      this.child.on('exit', (code, signal) => {
        resolve(signal ?? code ?? -1);
        for (const look of [...this.waiting]) look();
      });
    });
  }

  send(message: ToReplica): void {
    if (this.child.connected) this.child.send(message);
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  get gone(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  events(type: string): { readonly detail: string; readonly realtimeMs: number }[] {
    return this.seen.flatMap((message) =>
      'event' in message && message.event === type ? [message] : [],
    );
  }

  outputs(): { readonly output: number; readonly content: string }[] {
    return this.seen.flatMap((message) => ('output' in message ? [message] : []));
  }

  /** The first message that fits, come or to come; rejects when the process ends without it. */
  async until(
    what: string,
    fits: (message: FromReplica) => boolean,
    withinMs = 15_000,
  ): Promise<FromReplica> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.delete(look);
        reject(
          new Error(
            `no ${what} within ${withinMs} ms; last: ${JSON.stringify(this.seen.slice(-5))}`,
          ),
        );
      }, withinMs);
      const look = (): void => {
        const found = this.seen.find(fits);
        if (found === undefined && !this.gone) return;
        clearTimeout(timer);
        this.waiting.delete(look);
        if (found !== undefined) resolve(found);
        else
          reject(
            new Error(`the process ended before ${what}: ${JSON.stringify(this.seen.slice(-5))}`),
          );
      };
      this.waiting.add(look);
      look();
    });
  }

  untilEvent(type: string): Promise<FromReplica> {
    return this.until(type, (message) => 'event' in message && message.event === type);
  }
}
