#!/usr/bin/env node
import './compile-early.js';
import { logVerbosity, setLogVerbosity } from '@grpc/grpc-js';
import { Command, CommanderError } from 'commander';

import { exitStatusByCode } from '../base/errors.js';
import { backupCommand } from './backup.js';
import { buildIdentity, packageVersion } from './build-identity.js';
import { checkCommand } from './check.js';
import { demoCommand } from './demo.js';
import { diskCommand } from './disk.js';
import { hostCommand } from './host.js';
import { replayCommand } from './replay.js';
import { reportError } from './report-error.js';
import { runCommand } from './run.js';
import { statusCommand } from './status.js';

async function main(argv: readonly string[]): Promise<void> {
  // Its complaints come as errors too, and are told once.
  setLogVerbosity(logVerbosity.NONE);
  // Whoever read our messages may go away; the machine goes on without them.
  process.stderr.on('error', () => undefined);
  const program = new Command('vmft')
    .description('fault-tolerant virtual machines: one Linux guest, two hosts')
    .version(`vmft ${packageVersion()} (${buildIdentity()})`)
    .configureOutput({
      outputError: (text, write) => {
        write(text.replace(/^error: /, 'vmft: '));
      },
    })
    .exitOverride();
  const commands = [
    ...[runCommand(), backupCommand(), statusCommand(), diskCommand()],
    ...[replayCommand(), checkCommand(), demoCommand(), hostCommand()],
  ];
  for (const command of commands) {
    program.addCommand(command.copyInheritedSettings(program));
    for (const part of command.commands) part.copyInheritedSettings(command);
  }
  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : exitStatusByCode.usage;
      return;
    }
    process.exit(reportError(error));
  }
}

await main(process.argv.slice(2));
