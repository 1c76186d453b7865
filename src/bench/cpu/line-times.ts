/** Output as it comes in pieces, cut into lines that keep the time at which they were complete. Pure. */

export interface TimedLine {
  /** Without its end. */
  readonly text: string;
  /** By the clock that {@link LineTimes.take} is told. */
  readonly atMs: number;
}

export class LineTimes {
  readonly lines: TimedLine[] = [];
  private unfinished = '';

  take(piece: string, atMs: number): void {
    const texts = (this.unfinished + piece).split('\n');
    this.unfinished = texts.pop() ?? '';
    for (const text of texts) this.lines.push({ text: text.replace(/\r$/, ''), atMs });
  }
}
