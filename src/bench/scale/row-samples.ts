import type { BenchGuest, Join } from '../guest/bench-guest.js';
import type { ScaleRow, Turn } from '../suite/result.js';
import type { Subject } from './scene.js';

const mib = 2 ** 20;

/** What the joins of one row have given so far. */
export class RowSamples {
  private readonly turns: Turn[] = [];
  private readonly joins: Join[] = [];
  private readonly overheadMiB: ScaleRow['overheadMiB'][number][] = [];

  /** No turn yet. */
  get empty(): boolean {
    return this.turns.length === 0;
  }

  /** @param joins of each guest */
  add(
    turns: readonly Turn[],
    joins: readonly Join[],
    guests: readonly Pick<BenchGuest, 'overheadBytes'>[],
  ): void {
    this.turns.push(...turns);
    this.joins.push(...joins);
    const overheads = guests.map((guest) => guest.overheadBytes());
    const sum = (of: 'primary' | 'backup'): number =>
      Math.round((overheads.reduce((bytes, overhead) => bytes + overhead[of], 0) / mib) * 10) / 10;
    this.overheadMiB.push({ primary: sum('primary'), backup: sum('backup') });
  }

  row(subject: Pick<Subject, 'name' | 'unit'>, at: number): ScaleRow {
    return {
      subject: subject.name,
      at,
      unit: subject.unit,
      turns: this.turns,
      joinMs: this.joins.map(({ joinMs }) => joinMs),
      pauseMs: this.joins.map(({ pauseMs }) => Math.round(pauseMs * 10) / 10),
      overheadMiB: this.overheadMiB,
    };
  }
}
