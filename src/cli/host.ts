import { Command } from 'commander';

import { defaultConfigPath } from '../host/config.js';
import { hostInitCommand } from './host-init.js';
import { serveHost } from './serve-host.js';

export function hostCommand(): Command {
  return new Command('host')
    .description('this host’s daemon, and the certificates of a cluster of hosts')
    .option('--config <file>', 'what the daemon is told', defaultConfigPath)
    .action(({ config }: { config: string }) => serveHost(config))
    .addCommand(hostInitCommand());
}
