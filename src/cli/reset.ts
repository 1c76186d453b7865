import { Command } from 'commander';

import { hostMethods } from '../host/api/host-client.js';
import { callWithinMs } from './options/call-time.js';
import {
  addHostConnection,
  withHost,
  type HostConnectionOptions,
} from './options/host-connection.js';
import { machineArgument } from './options/machine-name.js';

export function resetCommand(): Command {
  const command = new Command('reset')
    .description(
      'press a machine’s reset button: its guest starts again, and what it did not store is gone',
    )
    .addArgument(machineArgument());
  return addHostConnection(command).action((name: string, options: HostConnectionOptions) =>
    withHost(options, async (host) => {
      await host.call(hostMethods.reset, { name }, callWithinMs);
      console.log(`the reset button of ${name} is pressed`);
    }),
  );
}
