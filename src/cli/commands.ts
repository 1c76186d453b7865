import type { Command } from 'commander';

import { backupCommand } from './backup.js';
import { benchCommand } from './bench.js';
import { checkCommand } from './check.js';
import { consoleCommand } from './console.js';
import { demoCommand } from './demo.js';
import { diskCommand } from './disk.js';
import { failoverCommand } from './failover.js';
import { hostCommand } from './host.js';
import { moveCommand } from './move.js';
import { protectCommand } from './protect.js';
import { replayCommand } from './replay.js';
import { resetCommand } from './reset.js';
import { runCommand } from './run.js';
import { setCommand } from './set.js';
import { snapshotCommand } from './snapshot.js';
import { startCommand } from './start.js';
import { statusCommand } from './status.js';
import { stopCommand } from './stop.js';
import { unprotectCommand } from './unprotect.js';

/** In the order of the help: replicas one by one, machines of hosts, and what is around them. */
export function allCommands(): Command[] {
  return [
    ...[runCommand(), backupCommand(), replayCommand()],
    ...[hostCommand(), startCommand(), stopCommand(), resetCommand(), statusCommand()],
    ...[consoleCommand(), protectCommand(), unprotectCommand(), failoverCommand(), moveCommand()],
    ...[
      setCommand(),
      snapshotCommand(),
      diskCommand(),
      checkCommand(),
      demoCommand(),
      benchCommand(),
    ],
  ];
}
