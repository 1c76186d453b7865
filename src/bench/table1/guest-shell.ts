import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { VmftError } from '../../base/errors.js';
import { guestAddress, type DemoNetwork } from '../../cli/demo/demo-network.js';
import { clientOutput } from '../client-command.js';

const commandScript = fileURLToPath(new URL('../guest-command-client.js', import.meta.url));
/** Of the guest's service "shell". */
const commandPort = 7001;

/** The guest's service "shell", from where the client is. */
export class GuestShell {
  constructor(readonly network: DemoNetwork) {}

  /** What a command line printed, errors with it. Throws `internal` when it failed or took too long. */
  async output(command: string, timeoutMs: number): Promise<string> {
    const marked = `{ ${command}\n} 2>&1; echo "status $?"`;
    const text = await clientOutput(this.network, this.client(marked), timeoutMs);
    const [, printed, status] = /^([^]*?)status (\d+)\n$/.exec(text ?? '') ?? [];
    if (printed === undefined || status !== '0')
      throw new VmftError('internal', `the guest failed: ${command}: ${(text ?? '').slice(-300)}`);
    return printed;
  }

  /**
   * Starts a command line that prints as it works, errors with it. It leads a process group of its own, which
   * {@link endGroup} ends. The first line that comes is `group N`.
   */
  follow(command: string): ChildProcess {
    const inGroup = `setsid -w sh -c ${quoted(`echo "group $$"; ${command}`)} 2>&1`;
    return this.network.client.spawn(this.client(inGroup), ['ignore', 'pipe', 'pipe']);
  }

  /** Resolves when none of its processes is left. */
  async endGroup(group: number, timeoutMs: number): Promise<void> {
    const alive = `kill -0 -- -${group} 2>/dev/null`;
    const patience = 'for try in 1 2 3 4 5 6 7 8 9 10';
    await this.output(
      `${patience}; do ${alive} || break; kill -TERM -- -${group}; sleep 0.3; done; ${alive} && kill -KILL -- -${group}; true`,
      timeoutMs,
    );
  }

  private client(command: string): string[] {
    return [process.execPath, commandScript, guestAddress, String(commandPort), command];
  }
}

/** A word for the shell. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
