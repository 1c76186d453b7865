import { Command } from 'commander';

import { hostMethods } from '../host/api/host-client.js';
import {
  addHostConnection,
  withHost,
  type HostConnectionOptions,
} from './options/host-connection.js';
import { machineArgument } from './options/machine-name.js';
import { runOperation } from './run-operation.js';

export function failoverCommand(): Command {
  const command = new Command('failover')
    .description('give a machine to its backup, in order, as a test or before work on its host')
    .addArgument(machineArgument());
  return addHostConnection(command).action((name: string, options: HostConnectionOptions) =>
    withHost(options, (host) =>
      runOperation(host, hostMethods.failover, { name }, `${name} goes on where its backup was`),
    ),
  );
}
