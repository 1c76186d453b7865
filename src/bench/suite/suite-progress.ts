import { Presets, SingleBar } from 'cli-progress';

import type { Clock } from '../../base/clock.js';
import type { SectionName, SkippedRow } from './result.js';
import type { SuiteProgress } from './run-suite.js';

/**
 * Tells a person who waits, on standard error: on a terminal a bar below the lines, with what is done now, of which section, since
 * when; elsewhere only lines.
 */
export class ShownProgress implements SuiteProgress {
  private bar: SingleBar | null = null;
  private name = '';
  private place = '';
  private now = { text: 'starting', done: 0, total: 0 };
  private readonly startMs: number;
  private readonly endTicks: () => void;

  constructor(
    private readonly clock: Clock,
    private readonly stream: NodeJS.WriteStream,
  ) {
    this.startMs = clock.nowMs();
    this.endTicks = stream.isTTY ? clock.every(1_000, () => this.draw()) : () => undefined;
  }

  section(name: SectionName, number: number, of: number, aboutMs: number): void {
    this.name = name;
    this.place = `${name} (${number} of ${of})`;
    this.now = { text: 'starting', done: 0, total: 0 };
    this.line(`section ${number} of ${of}, takes about ${minutesAndSeconds(aboutMs)}`);
  }

  line(text: string): void {
    this.giveWay();
    const stamp = minutesAndSeconds(this.clock.nowMs() - this.startMs).padStart(6);
    for (const line of text.split('\n')) this.stream.write(`${stamp}  ${this.name}: ${line}\n`);
    this.draw();
  }

  doing(text: string, done: number, total: number): void {
    this.now = { text, done, total };
    this.draw();
  }

  over(_name: SectionName, rows: number, skipped: readonly SkippedRow[]): void {
    for (const { row, why } of skipped) this.line(`not measured: ${row}: ${why}`);
    this.line(`${rows} ${rows === 1 ? 'row' : 'rows'} measured`);
    this.giveWay();
    this.place = '';
  }

  /** Nothing more is told. */
  close(): void {
    this.endTicks();
    this.giveWay();
  }

  private draw(): void {
    if (!this.stream.isTTY || this.place === '') return;
    const { text, done, total } = this.now;
    const all = Math.max(total, 1);
    const shown = {
      place: this.place,
      text,
      since: minutesAndSeconds(this.clock.nowMs() - this.startMs),
    };
    if (this.bar === null) {
      this.bar = newBar(this.stream);
      this.bar.start(all, Math.min(done, all), shown);
    } else {
      this.bar.setTotal(all);
      this.bar.update(Math.min(done, all), shown);
    }
  }

  private giveWay(): void {
    this.bar?.stop();
    this.bar = null;
  }
}

function newBar(stream: NodeJS.WriteStream): SingleBar {
  return new SingleBar(
    {
      format: '{since}  {place} {bar} {percentage}% {text}',
      stream,
      clearOnComplete: true,
      barsize: 16,
      noTTYOutput: false,
    },
    Presets.shades_classic,
  );
}

/** `75000`: 1:15. */
export function minutesAndSeconds(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
