import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

import { mainScript } from '../../src/cli/project-paths.js';
import { ReplicaClient } from '../../src/host/replica/replica-client.js';
import { Looker } from '../host/replica/looker.js';

/**
 * A vmft without a terminal, in a session of its own, as a host's daemon starts it; driven and watched by its control
 * socket alone.
 */
export class ControlledReplica {
  readonly seen = new Looker();
  private constructor(
    readonly client: ReplicaClient,
    private readonly child: ChildProcess,
  ) {}

  static async start(socket: string, options: readonly string[]): Promise<ControlledReplica> {
    const child = spawn(process.execPath, [mainScript, ...options, '--control', socket], {
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr?.on('data', (bytes: Buffer) => (said += bytes.toString()));
    for (let tries = 0; !existsSync(socket); tries += 1) {
      if (child.exitCode !== null || tries > 500) throw new Error(`it did not start: ${said}`);
      await delay(20);
    }
    const client = await ReplicaClient.connect(socket, 10_000).catch((error: unknown) => {
      throw new Error(`it did not stay: ${said}`, { cause: error });
    });
    const replica = new ControlledReplica(client, child);
    replica.client.events(0n, replica.seen);
    replica.client.console(replica.seen);
    return replica;
  }

  get processId(): number {
    return this.child.pid ?? 0;
  }

  /** The event of this type, come or to come. */
  async event(type: string): Promise<Record<string, unknown>> {
    const found = (): string | undefined => this.seen.events[this.seen.types().indexOf(type)]?.json;
    await this.seen.until(type, () => found() !== undefined);
    return JSON.parse(found() ?? '{}') as Record<string, unknown>;
  }

  async shows(text: string): Promise<void> {
    await this.seen.until(text, () => this.seen.shown.includes(text));
  }

  /** Its exit status. */
  async ended(): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      await once(this.child, 'exit');
    }
    this.client.close();
    return this.child.exitCode;
  }

  kill(): void {
    this.client.close();
    this.child.kill('SIGKILL');
  }
}
