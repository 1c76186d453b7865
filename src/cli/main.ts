#!/usr/bin/env node
import './compile-early.js';
import { logVerbosity, setLogVerbosity } from '@grpc/grpc-js';
import { Command, CommanderError } from 'commander';

import { exitStatusByCode } from '../base/errors.js';
import { buildIdentity, packageVersion } from './build-identity.js';
import { allCommands } from './commands.js';
import { reportError } from './report-error.js';

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
  for (const command of allCommands()) {
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
