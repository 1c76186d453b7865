import type { SectionName, SectionRow } from './result.js';
import type { SuiteOptions } from './section.js';

/** What a section's process is told, as JSON, as its only argument. */
export interface SectionOrder {
  readonly section: SectionName;
  readonly options: SuiteOptions;
  /** By the host's monotonic clock, which is the same in all of its processes; see {@link SectionContext.leftMs}. */
  readonly softEndMs: number;
}

/** A line of what it tells, each a JSON object. */
export type SectionMessage =
  | { readonly type: 'line'; readonly text: string }
  | { readonly type: 'doing'; readonly text: string; readonly done: number; readonly total: number }
  | { readonly type: 'row'; readonly row: SectionRow[SectionName] }
  | { readonly type: 'skip'; readonly row: string; readonly why: string }
  | { readonly type: 'joined'; readonly replication: string }
  /** The last one. `why`: null when the section came to its end. */
  | { readonly type: 'end'; readonly why: string | null };
