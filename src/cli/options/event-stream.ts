import { type Command } from 'commander';

import { parseMs } from './pair-settings.js';

/** What a replica tells of itself, and how often. */
export interface EventStreamOptions {
  readonly jsonEvents?: string;
  readonly statusEvery: number;
}

export function addEventStreamOptions(command: Command): Command {
  return command
    .option('--json-events <file|fd>', 'write events, one JSON object per line')
    .option(
      '--status-every <ms>',
      'time between status lines in them; each wakes this replica',
      parseMs,
      usualStatusMs,
    );
}

/** An idle pair takes less than a hundredth of a processor, of which five of them a second would be a tenth. */
const usualStatusMs = 1_000;
