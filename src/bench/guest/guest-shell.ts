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
   * Starts a command line that prints as it works. The first line that comes is `group N`, of the process group that
   * {@link endGroup} ends.
   */
  follow(command: string): ChildProcess {
    return this.network.client.spawn(this.client(inGroup(command)), ['ignore', 'pipe', 'pipe']);
  }

  /** Resolves when none of its processes is left. Throws `internal` when one is, or the guest does not answer in time. */
  async endGroup(group: number, timeoutMs: number): Promise<void> {
    await this.output(endOfGroup(group), timeoutMs);
  }

  private client(command: string): string[] {
    return [process.execPath, commandScript, guestAddress, String(commandPort), command];
  }
}

/** For the guest's shell: runs a command line as a process group of its own, which is told first; errors come with the rest. */
export function inGroup(command: string): string {
  return `setsid -w sh -c ${quoted(`echo "group $$"; ${command}`)} 2>&1`;
}

/** For the guest's shell: asks the processes of a group to end, and after some seconds ends them. Fails when one is left. */
export function endOfGroup(group: number): string {
  const signal = (name: string): string => `kill -s ${name} -- -${group} 2>/dev/null`;
  const wait = (tries: number): string =>
    `tries=${tries}; while ${signal('0')} && [ $tries != 0 ]; do sleep 0.1; tries=$((tries - 1)); done`;
  return `${signal('TERM')}; ${wait(30)}; ${signal('KILL')}; ${wait(10)}; ! ${signal('0')}`;
}

/** A word for the shell. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
