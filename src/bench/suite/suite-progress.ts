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
  private endMs = 0;
  private readonly startMs: number;
  private readonly endTicks: () => void;

  constructor(
    private readonly clock: Clock,
    private readonly stream: NodeJS.WriteStream,
  ) {
    this.startMs = clock.nowMs();
    this.endTicks = stream.isTTY ? clock.every(1_000, () => this.draw()) : () => undefined;
  }

  section(name: SectionName, number: number, of: number, endsInMs: number): void {
    this.name = name;
    this.place = `${name} (${number} of ${of})`;
    this.now = { text: 'starting', done: 0, total: 0 };
    this.endMs = this.clock.nowMs() + endsInMs;
    this.line(`section ${number} of ${of}, at most ${minutesAndSeconds(endsInMs)}`);
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
    const nowMs = this.clock.nowMs();
    const bar = (this.bar ??= this.newBar());
    bar.setTotal(Math.max(total, 1));
    bar.update(Math.min(done, Math.max(total, 1)), {
      place: this.place,
      turn: total === 0 ? '' : `${done}/${total} `,
      text,
      since: minutesAndSeconds(nowMs - this.startMs),
      left: minutesAndSeconds(Math.max(0, this.endMs - nowMs)),
    });
  }

  private giveWay(): void {
    this.bar?.stop();
    this.bar = null;
  }

  private newBar(): SingleBar {
    const bar = new SingleBar(
      {
        format: '{since} {place} {bar} {turn}{text} | at most {left} more of it',
        stream: this.stream,
        clearOnComplete: true,
        barsize: 16,
        noTTYOutput: false,
      },
      Presets.shades_classic,
    );
    bar.start(1, 0, { place: '', turn: '', text: '', since: '', left: '' });
    return bar;
  }
}

/** `75000`: 1:15. */
export function minutesAndSeconds(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
