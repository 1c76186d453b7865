import { Command } from 'commander';

import { hostInitCommand } from './host-init.js';

export function hostCommand(): Command {
  return new Command('host')
    .description('this host’s daemon, and the certificates of a cluster of hosts')
    .addCommand(hostInitCommand());
}
