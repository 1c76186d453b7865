import { Command } from 'commander';

import { defaultConfigPath } from '../host/config-constants.js';
import { hostInitCommand } from './host-init.js';

export function hostCommand(): Command {
  return new Command('host')
    .description('this host’s daemon, and the certificates of a cluster of hosts')
    .option('--config <file>', 'what the daemon is told', defaultConfigPath)
    .option('--check', 'look at the file and what it names, and run nothing', false)
    .action(async ({ config, check }: { config: string; check: boolean }) => {
      // Every command reads this file, each replica too; none of them needs the daemon.
      if (check) return (await import('./host-check.js')).checkHost(config);
      return (await import('./serve-host.js')).serveHost(config);
    })
    .addCommand(hostInitCommand());
}
