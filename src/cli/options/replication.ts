import { InvalidArgumentError, Option, type Command } from 'commander';

import type { PairSettings } from '../../base/limits.js';
import { replicationChoices, type ReplicationChoice } from '../../pair/role/replication-choice.js';

export interface ReplicationOptions {
  readonly replication: ReplicationChoice;
  /** Bytes a second. */
  readonly copyBandwidth?: number;
}

export function replicationOption(): Option {
  return new Option(
    '--replication <how>',
    'replay: the backup executes the log; checkpoint: it is sent what changed; auto: replay where both hosts’ positions are exact',
  )
    .choices(replicationChoices)
    .default('auto');
}

/** How a live replica makes its backups and keeps them up to date. */
export function addReplicationOptions(command: Command): Command {
  return command
    .addOption(replicationOption())
    .option(
      '--copy-bandwidth <rate>',
      'bytes a second of a copy while the guest runs, like 50M (default: no limit)',
      parseRate,
    );
}

export function copySettings({ copyBandwidth }: ReplicationOptions): Partial<PairSettings> {
  return copyBandwidth === undefined ? {} : { copyBytesPerSecondMax: copyBandwidth };
}

const unitBytes: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

/** `50M`, `1G`: bytes a second, at least 64 KiB. */
export function parseRate(text: string): number {
  const match = /^(\d{1,12})([KMG]?)$/i.exec(text);
  const rate = Number(match?.[1]) * (unitBytes[(match?.[2] ?? '').toUpperCase()] ?? NaN);
  if (!Number.isSafeInteger(rate) || rate < 2 ** 16) {
    throw new InvalidArgumentError('Write bytes a second as 50M or 1G, at least 64K.');
  }
  return rate;
}
