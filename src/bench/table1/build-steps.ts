/**
 * A program that is built again and again, as the steps were told: each file that is compiled, in the same order every time.
 * Files are of very different sizes, so a speed is only that of whole builds; one may be counted from any file to the same
 * file of a later build.
 */

import { VmftError } from '../../base/errors.js';

interface Step {
  readonly file: string;
  /** When it was told here that its compilation begins. */
  readonly atMs: number;
}

/** Whole builds. */
export interface BuildSpan {
  readonly files: number;
  readonly durationMs: number;
}

/** Hundreds of builds. */
const stepsMax = 4_096;

export class BuildSteps {
  private readonly steps: Step[] = [];
  private taken = 0;

  /**
   * @param atMs by one clock that never goes back
   * @returns how many files were begun so far, this one included; null: the line is of something else
   */
  take(line: string, atMs: number): number | null {
    const file = compiledIn(line);
    if (file === null) return null;
    this.steps.push({ file, atMs });
    if (this.steps.length > stepsMax) this.steps.shift();
    this.taken += 1;
    return this.taken;
  }

  /** As many whole builds as there were since `fromMs`, from the first step on; null: not one yet. */
  wholeSince(fromMs: number): BuildSpan | null {
    const first = this.steps.findIndex(({ atMs }) => atMs >= fromMs);
    const begin = this.steps[first];
    if (begin === undefined) return null;
    const last = this.steps.findLastIndex(({ file }) => file === begin.file);
    const end = this.steps[last];
    if (end === undefined || last === first) return null;
    return { files: last - first, durationMs: end.atMs - begin.atMs };
  }
}

/** The file of a line in which make shows that it compiles one; null: it shows something else. */
export function compiledIn(line: string): string | null {
  return /^gcc (?:.* )?-c (?:.* )?(\S+\.c)(?: |$)/.exec(line)?.[1] ?? null;
}

/** Files a second. Throws `internal` when there was no whole build. */
export function filesPerSecond(span: BuildSpan | null): number {
  if (span === null) throw new VmftError('internal', 'no build came to its end in time');
  return (span.files * 1000) / span.durationMs;
}
