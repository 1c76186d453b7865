import { InvalidArgumentError, type Command } from 'commander';

import { defaultPairSettings, type PairSettings } from '../../base/limits.js';
import { formatMemorySize, parseMemorySize } from './memory-size.js';

/** Options that change the pair's times and limits; named as in {@link PairSettings}. */
export interface PairSettingOptions {
  readonly heartbeatInterval?: number;
  readonly suspectAfter?: number;
  readonly suspectAfterBroken?: number;
  readonly lagLimit?: number;
  readonly logBuffer?: number;
  readonly joinTimeout?: number;
  readonly arbiterTimeout?: number;
}

export function addPairSettings(command: Command): Command {
  const by = defaultPairSettings;
  return command
    .option(
      '--heartbeat-interval <ms>',
      `time between heartbeats (default: ${by.heartbeatIntervalMs})`,
      parseMs,
    )
    .option(
      '--suspect-after <ms>',
      `silence after which the peer is suspected (default: ${by.suspectAfterMs})`,
      parseMs,
    )
    .option(
      '--suspect-after-broken <ms>',
      `the same when the channel is broken (default: ${by.suspectAfterBrokenChannelMs})`,
      parseMs,
    )
    .option(
      '--lag-limit <ms>',
      `how far the backup may execute behind (default: ${by.lagLimitMs})`,
      parseMs,
    )
    .option(
      '--log-buffer <size>',
      `unacknowledged log at which the guest stalls (default: ${formatMemorySize(by.unacknowledgedBytesMax)})`,
      parseMemorySize,
    )
    .option(
      '--join-timeout <ms>',
      `a join without progress is given up (default: ${by.joinStallMs})`,
      parseMs,
    )
    .option(
      '--arbiter-timeout <ms>',
      `storage that does not answer is unreachable (default: ${by.arbiterOperationMs})`,
      parseMs,
    );
}

export function pairSettings(options: PairSettingOptions): Partial<PairSettings> {
  const wanted: Record<string, number | undefined> = {
    heartbeatIntervalMs: options.heartbeatInterval,
    suspectAfterMs: options.suspectAfter,
    suspectAfterBrokenChannelMs: options.suspectAfterBroken,
    lagLimitMs: options.lagLimit,
    unacknowledgedBytesMax: options.logBuffer,
    joinStallMs: options.joinTimeout,
    arbiterOperationMs: options.arbiterTimeout,
  };
  return Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined));
}

export function parseMs(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 3_600_000) {
    throw new InvalidArgumentError('A whole number of milliseconds, 1 to 3600000.');
  }
  return value;
}
