/** What the transfers add up to, row by row. Pure. */

import {
  channels,
  directions,
  type ChannelGbitPerS,
  type Direction,
  type SkippedRow,
  type Table2Row,
  type Turn,
} from '../suite/result.js';

export function channelName(channel: ChannelGbitPerS): string {
  return channel === null ? 'channel unlimited' : `channel of ${channel} Gbit/s`;
}

export class TransferTable {
  private readonly turns = new Map<string, Turn[]>();
  private readonly refusals = new Map<ChannelGbitPerS, string>();

  add(direction: Direction, channel: ChannelGbitPerS, turn: Turn): void {
    const key = keyOf(direction, channel);
    this.turns.set(key, [...(this.turns.get(key) ?? []), turn]);
  }

  /** This host cannot make such a channel: its rows are left out. */
  refuse(channel: ChannelGbitPerS, why: string): void {
    this.refusals.set(channel, why);
  }

  isRefused(channel: ChannelGbitPerS): boolean {
    return this.refusals.has(channel);
  }

  /** Those with a turn. */
  rows(): Table2Row[] {
    return allRows().flatMap(({ direction, channel }) => {
      const turns = this.turns.get(keyOf(direction, channel)) ?? [];
      return turns.length === 0 ? [] : [{ direction, channelGbitPerS: channel, turns }];
    });
  }

  /** Those that were refused. */
  skipped(): SkippedRow[] {
    return allRows().flatMap(({ direction, channel }) => {
      const why = this.refusals.get(channel);
      return why === undefined ? [] : [{ row: `${direction}, ${channelName(channel)}`, why }];
    });
  }
}

function allRows(): { readonly direction: Direction; readonly channel: ChannelGbitPerS }[] {
  return directions.flatMap((direction) => channels.map((channel) => ({ direction, channel })));
}

function keyOf(direction: Direction, channel: ChannelGbitPerS): string {
  return `${direction} ${channel}`;
}
