import { Presets, SingleBar } from 'cli-progress';

import type { StampedPairEvent } from '../pair/role/pair-event.js';
import { formatBytes } from './pair-notice.js';

/**
 * A bar on a terminal while a machine is copied, from its first event to what becomes of the join; elsewhere nothing, and
 * pair-notice.ts says it in lines. The guest's console has the same terminal: the bar gives way to whatever is written.
 */
export class CopyProgress {
  private bar: SingleBar | null = null;

  /** `shown`: standard error is a terminal, and somebody wants to know. */
  constructor(private readonly shown: boolean) {}

  /** True when the bar says all that a line would. */
  observe(event: StampedPairEvent): boolean {
    if (!this.shown) return false;
    switch (event.type) {
      case 'copy': {
        const { sentBytes, leftBytes, bytesPerSecond, throttle, round } = event;
        const bar = this.begin('copying', sentBytes + leftBytes);
        bar.setTotal(Math.max(sentBytes + leftBytes, 1));
        bar.update(sentBytes, {
          left: `${formatBytes(leftBytes)} left`,
          rate: formatBytes(bytesPerSecond),
          more: `round ${round}${throttle === 0 ? '' : `, guest slowed by ${Math.round(100 * throttle)} %`}`,
        });
        return true;
      }
      case 'copy-received': {
        const { bytes, bytesPerSecond } = event;
        const bar = this.begin('taking in', 0);
        bar.update(0, {
          left: `${formatBytes(bytes)} so far`,
          rate: formatBytes(bytesPerSecond),
          more: '',
        });
        return true;
      }
      case 'state-received':
      case 'formed':
      case 'join-failed':
      case 'ended':
        this.giveWay();
        return false;
      default:
        return false;
    }
  }

  /** Something else is about to be written; the next event draws the bar again. */
  giveWay(): void {
    this.bar?.stop();
    this.bar = null;
  }

  private begin(what: string, total: number): SingleBar {
    if (this.bar !== null) return this.bar;
    const bar = total > 0 ? `{bar} {percentage}% | ` : '';
    this.bar = new SingleBar(
      {
        format: `vmft: ${what} ${bar}{left} | {rate}/s {more}`,
        stream: process.stderr,
        clearOnComplete: true,
        barsize: 24,
        // The rate at which events come is enough.
        noTTYOutput: false,
      },
      Presets.shades_classic,
    );
    this.bar.start(Math.max(total, 1), 0, { left: '', rate: '', more: '' });
    return this.bar;
  }
}
