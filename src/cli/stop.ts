import { Command } from 'commander';

import { hostMethods } from '../host/api/host-client.js';
import { callWithinMs } from './options/call-time.js';
import {
  addHostConnection,
  withHost,
  type HostConnectionOptions,
} from './options/host-connection.js';
import { machineArgument } from './options/machine-name.js';

interface StopOptions extends HostConnectionOptions {
  readonly hard: boolean;
}

export function stopCommand(): Command {
  const command = new Command('stop')
    .description(
      'end a machine for good, on both hosts: by its power button, which its guest may refuse',
    )
    .addArgument(machineArgument())
    .option('--hard', 'power it off at once, whatever its guest does', false);
  return addHostConnection(command).action((name: string, options: StopOptions) =>
    withHost(options, async (host) => {
      const { hard } = options;
      await host.call(hostMethods.stop, { name, hard }, callWithinMs);
      console.log(hard ? `${name} is powered off` : `the power button of ${name} is pressed`);
    }),
  );
}
