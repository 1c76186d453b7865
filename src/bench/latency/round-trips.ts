/** What the probes add up to, row by row. Pure. */

import type { LatencyRow, SkippedRow } from '../suite/result.js';
import type { LatencySamples } from './probes.js';

/** Round trip added to the logging channel, milliseconds; null: unprotected. */
type Channel = LatencyRow['channelRoundTripMs'];

export function channelName(channel: Channel): string {
  if (channel === null) return 'unprotected';
  return channel === 0 ? 'protected' : `protected, hosts ${channel} ms apart`;
}

export class RoundTrips {
  private readonly samples = new Map<Channel, LatencySamples[]>();
  private readonly refusals = new Map<Channel, string>();

  add(channel: Channel, samples: LatencySamples): void {
    this.samples.set(channel, [...(this.samples.get(channel) ?? []), samples]);
  }

  /** This host cannot make such a channel. */
  refuse(channel: Channel, why: string): void {
    this.refusals.set(channel, why);
  }

  /** Those with samples, in the order in which they were measured first; ping before TCP. */
  rows(): LatencyRow[] {
    const rowsOf = (probe: LatencyRow['probe'], of: keyof LatencySamples): LatencyRow[] =>
      [...this.samples].map(([channelRoundTripMs, turns]) => ({
        probe,
        channelRoundTripMs,
        samplesMs: turns.flatMap((turn) => turn[of]),
      }));
    return [...rowsOf('ping', 'ping'), ...rowsOf('tcp', 'exchange')];
  }

  skipped(): SkippedRow[] {
    return [...this.refusals].map(([channel, why]) => ({ row: channelName(channel), why }));
  }
}
