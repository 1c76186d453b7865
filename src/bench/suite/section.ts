import type { DemoNetwork } from '../../cli/demo/demo-network.js';
import type { Accelerator } from '../../flow/machine/accelerator.js';
import type { ReplicationChoice } from '../../pair/role/replication-choice.js';
import type { SectionName, SectionRow } from './result.js';

export interface SuiteOptions {
  /** Fewer and shorter turns: all sections within ten minutes, and not within an hour. */
  readonly quick: boolean;
  readonly accelerator: Accelerator;
  readonly replication: ReplicationChoice;
  /** Of moments that are chosen at random. */
  readonly seed: number;
}

/** Told to a person who waits. */
export interface SectionProgress {
  /** A line that stays: what was measured. */
  line(text: string): void;
  /** What is done now, `done` of `total` turns, fractions too; the next one replaces it. */
  doing(text: string, done: number, total: number): void;
}

/** Kept even when the section fails later on. */
export interface RowCollector<Row> {
  add(row: Row): void;
  skip(row: string, why: string): void;
}

/** What a section works with. */
export interface SectionContext<Row> {
  readonly network: DemoNetwork;
  readonly options: SuiteOptions;
  readonly progress: SectionProgress;
  readonly rows: RowCollector<Row>;
  /** To whoever writes the result: what a pair said at its join. */
  readonly joined: (replication: string) => void;
  /** Of its share of time. A section that sees it run out skips its further rows, saying so. */
  readonly leftMs: () => number;
}

/** A part of the bench. It ends every process that it starts, and leaves the network as it was. */
export interface Section<Name extends SectionName> {
  readonly name: Name;
  readonly title: string;
  /** About how long it takes; the shares of time go by it. */
  expectedMs(options: SuiteOptions): number;
  /** Throws when nothing more can be measured; the rows before stay. */
  run(context: SectionContext<SectionRow[Name]>): Promise<void>;
}
