import { Presets, SingleBar } from 'cli-progress';

import type { ReplayPosition } from './replay-log.js';

/** A bar on a terminal, nothing elsewhere. */
export class ReplayProgress {
  private readonly bar: SingleBar | null;

  constructor(bytes: number) {
    if (!process.stderr.isTTY) {
      this.bar = null;
      return;
    }
    const format =
      'replaying {bar} {percentage}% | {ticks} M ticks | {digests} digests | {duration_formatted}';
    const options = { format, stream: process.stderr, clearOnComplete: true, hideCursor: true };
    this.bar = new SingleBar(options, Presets.shades_classic);
    this.bar.start(bytes, 0, { ticks: 0, digests: 0 });
  }

  show({ bytesExecuted, ticks, digestsChecked }: ReplayPosition): void {
    this.bar?.update(bytesExecuted, {
      ticks: Math.round(Number(ticks) / 1e6),
      digests: digestsChecked.toString(),
    });
  }

  /** Idempotent. */
  stop(): void {
    this.bar?.stop();
  }
}
