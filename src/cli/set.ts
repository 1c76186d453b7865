import { Command, InvalidArgumentError } from 'commander';

import { hostMethods } from '../host/api/host-client.js';
import { callWithinMs } from './options/call-time.js';
import {
  addHostConnection,
  withHost,
  type HostConnectionOptions,
} from './options/host-connection.js';
import { machineArgument } from './options/machine-name.js';

interface SetOptions extends HostConnectionOptions {
  readonly cpuShare: number;
}

export function setCommand(): Command {
  const command = new Command('set')
    .description('change a machine’s configuration while it runs, on both hosts')
    .addArgument(machineArgument())
    .requiredOption(
      '--cpu-share <share>',
      'how much of its speed the CPU has: 25%, or 0.25; 1% to 100%',
      parseShare,
    );
  return addHostConnection(command).action((name: string, options: SetOptions) =>
    withHost(options, async (host) => {
      const cpuSharePermille = options.cpuShare;
      await host.call(hostMethods.set, { name, cpuSharePermille }, callWithinMs);
      console.log(`the CPU of ${name} has ${cpuSharePermille / 10}% of its speed`);
    }),
  );
}

/** Permille, 10 … 1000. */
export function parseShare(text: string): number {
  const [, number = '', percent = ''] = /^(\d{1,3}(?:\.\d{1,3})?|\.\d{1,3})(%?)$/.exec(text) ?? [];
  const permille = Math.round(Number(number) * (percent === '' ? 1_000 : 10));
  if (number !== '' && permille >= 10 && permille <= 1_000) return permille;
  throw new InvalidArgumentError('Write a share as 25% or 0.25: from 1% to 100%.');
}
