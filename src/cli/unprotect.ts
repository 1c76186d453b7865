import { Command } from 'commander';

import { hostMethods } from '../host/api/host-client.js';
import {
  addHostConnection,
  withHost,
  type HostConnectionOptions,
} from './options/host-connection.js';
import { machineArgument } from './options/machine-name.js';
import { runOperation } from './run-operation.js';

export function unprotectCommand(): Command {
  const command = new Command('unprotect')
    .description('end a machine’s backup, and make no other until vmft protect')
    .addArgument(machineArgument());
  return addHostConnection(command).action((name: string, options: HostConnectionOptions) =>
    withHost(options, (host) =>
      runOperation(host, hostMethods.unprotect, { name }, `${name} has no backup any more`),
    ),
  );
}
