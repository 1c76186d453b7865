import { Command } from 'commander';

import { hostMethods } from '../host/api/host-client.js';
import {
  addHostConnection,
  withHost,
  type HostConnectionOptions,
} from './options/host-connection.js';
import { machineArgument } from './options/machine-name.js';
import { runOperation } from './run-operation.js';

interface ProtectOptions extends HostConnectionOptions {
  readonly on?: string;
}

export function protectCommand(): Command {
  const command = new Command('protect')
    .description('give a machine a backup now, and from now on whenever it has none')
    .addArgument(machineArgument())
    .option('--on <host>', 'where the backup goes (default: the host with the most free memory)');
  return addHostConnection(command).action((name: string, options: ProtectOptions) =>
    withHost(options, (host) =>
      runOperation(
        host,
        hostMethods.protect,
        { name, host: options.on ?? '' },
        `${name} is protected`,
      ),
    ),
  );
}
