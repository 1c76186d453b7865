import { Argument, Command } from 'commander';

import { hostMethods } from '../host/api/host-client.js';
import {
  addHostConnection,
  withHost,
  type HostConnectionOptions,
} from './options/host-connection.js';
import { machineArgument } from './options/machine-name.js';
import { runOperation } from './run-operation.js';

export function moveCommand(): Command {
  const command = new Command('move')
    .description('move a machine’s primary or backup to another host while its guest runs')
    .addArgument(machineArgument())
    .addArgument(new Argument('<replica>', 'which of the two').choices(['primary', 'backup']))
    .argument('<host>', 'the name of the host that gets it');
  return addHostConnection(command).action(
    (name: string, replica: string, to: string, options: HostConnectionOptions) =>
      withHost(options, (host) =>
        runOperation(
          host,
          hostMethods.move,
          { name, replica, to },
          `the ${replica} of ${name} is on ${to}`,
        ),
      ),
  );
}
