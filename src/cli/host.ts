import { Command } from 'commander';

import { defaultConfigPath } from '../host/config.js';
import { checkHost } from './host-check.js';
import { hostInitCommand } from './host-init.js';
import { serveHost } from './serve-host.js';

export function hostCommand(): Command {
  return new Command('host')
    .description('this host’s daemon, and the certificates of a cluster of hosts')
    .option('--config <file>', 'what the daemon is told', defaultConfigPath)
    .option('--check', 'look at the file and what it names, and run nothing', false)
    .action(({ config, check }: { config: string; check: boolean }) =>
      check ? checkHost(config) : serveHost(config),
    )
    .addCommand(hostInitCommand());
}
