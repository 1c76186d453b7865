import type { ServiceError } from '@grpc/grpc-js';
import { Command } from 'commander';

import { asVmftError, VmftError } from '../base/errors.js';
import { limits } from '../base/limits.js';
import { hostMethods, type HostClient } from '../host/api/host-client.js';
import { callWithinMs } from './options/call-time.js';
import {
  addHostConnection,
  withHost,
  type HostConnectionOptions,
} from './options/host-connection.js';
import { machineArgument } from './options/machine-name.js';
import { errorLine } from './report-error.js';
import { helpFor, TerminalConsole } from './terminal-console.js';

const help = helpFor('leave this console');

export function consoleCommand(): Command {
  const command = new Command('console')
    .description('a machine’s console on this terminal; it follows the machine to another host')
    .addArgument(machineArgument())
    .addHelpText('after', `\nAt the terminal: ${help}.`);
  return addHostConnection(command).action((name: string, options: HostConnectionOptions) =>
    withHost(options, (host) => attend(host, name)),
  );
}

/** Until it is left, or the machine has ended. */
async function attend(host: HostClient, name: string): Promise<void> {
  let link: ConsoleLink | null = null;
  let left = false;
  const leave = (): void => {
    left = true;
    link?.close();
  };
  const terminal: TerminalConsole = new TerminalConsole(
    {
      input: (bytes) => link?.input(bytes),
      power: (kind) => {
        const request = { name, hard: kind === 'power-off' };
        host.call(hostMethods.stop, request, callWithinMs).catch((error: unknown) => {
          terminal.notice(errorLine(asVmftError(error)).replace(/^vmft: /, ''));
        });
      },
      leave,
    },
    help,
  );
  for (const signal of signals) process.once(signal, leave);
  try {
    for (let since = Infinity, tries = 0; !left;) {
      link = new ConsoleLink(host, name, (bytes) => {
        terminal.write(bytes);
      });
      if (tries === 0) terminal.start();
      const began = performance.now();
      const end = await link.ended;
      if (left) return;
      if (end !== null && !passes(end)) throw end;
      if (performance.now() - began > settledMs) since = Infinity;
      since = Math.min(since, performance.now());
      if (end === null && !(await isLive(host, name))) {
        terminal.notice(`${name} has ended`);
        return;
      }
      if (performance.now() - since > patienceMs) {
        throw end ?? new VmftError('machine-not-live', `the console of ${name} ends each time`);
      }
      tries++;
      terminal.notice('the console was cut off; what follows begins with what was shown of late');
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  } finally {
    terminal.stop();
    for (const signal of signals) process.off(signal, leave);
  }
}

/** A failover, a move, or a daemon that starts again: the console is there again in a moment. */
function passes({ code }: VmftError): boolean {
  return passing.has(code);
}

const passing: ReadonlySet<string> = new Set([
  'host-unreachable',
  'peer-unreachable',
  'peer-lost',
  'machine-not-live',
  'replica-failed',
]);

async function isLive(host: HostClient, name: string): Promise<boolean> {
  const request = { name, thisHostOnly: false };
  try {
    const { machines } = await host.call(hostMethods.status, request, callWithinMs);
    return machines.some((each) => each.name === name && each.state !== 'stopped');
  } catch (error) {
    return passes(asVmftError(error));
  }
}

/** One stream; it says once why it ended, null for an end in order. */
class ConsoleLink {
  readonly ended: Promise<VmftError | null>;
  private readonly call: ReturnType<HostClient['console']>;

  constructor(host: HostClient, name: string, output: (bytes: Buffer) => void) {
    this.call = host.console();
    this.call.on('data', ({ data }: { data: Uint8Array }) => {
      output(Buffer.from(data));
    });
    this.ended = new Promise((resolve) => {
      this.call.on('error', (error: ServiceError) => {
        resolve(host.named(error));
      });
      this.call.on('end', () => {
        // An error that ends the stream comes behind its end.
        setImmediate(() => {
          resolve(null);
        });
      });
    });
    this.call.write({ name, data: Buffer.alloc(0) });
  }

  input(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; at += limits.controlInputBytesMax) {
      this.call.write({ name: '', data: bytes.subarray(at, at + limits.controlInputBytesMax) });
    }
  }

  close(): void {
    this.call.cancel();
  }
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const retryMs = 500;
const patienceMs = 15_000;
/** A console that held for this long counts as one that worked. */
const settledMs = 2_000;
