import type { DiskWrite } from '../flow/machine/fake-guest.js';
import type { SeededRandom } from './seeded-random.js';
import type { Timeline } from './timeline.js';

/**
 * A disk that all hosts share: a journal of two places, written in turn. A write takes a while, now and then a long
 * one, and is done even if its host is dead by then, unless another host has claimed the disk meanwhile.
 */
export class SimDisk {
  /** What is on the medium. */
  readonly journal = new Map<number, DiskWrite>();
  private holder: string | null = null;
  private readonly unreachable = new Set<string>();
  /** How likely an operation takes long. */
  slowness = 0.04;

  constructor(
    private readonly timeline: Timeline,
    private readonly random: SeededRandom,
    /** Planted fault: false lets late writes of a former holder in. */
    private readonly fences: boolean,
  ) {}

  static place({ request }: Pick<DiskWrite, 'request'>): number {
    return request % 2;
  }

  cut(host: string): void {
    this.unreachable.add(host);
  }

  heal(): void {
    this.unreachable.clear();
  }

  claim(host: string, done: () => void): void {
    this.reached(host, () => {
      this.holder = host;
      this.timeline.after(this.random.between(0.1, 3), done);
    });
  }

  write(host: string, write: DiskWrite, done: () => void): void {
    this.reached(host, () => {
      if (this.fences && this.holder !== null && this.holder !== host) return;
      this.journal.set(SimDisk.place(write), write);
      this.timeline.after(this.random.between(0.1, 3), done);
    });
  }

  /** A back end tries for as long as it takes. */
  private reached(host: string, run: () => void): void {
    const delayMs = this.random.chance(this.slowness)
      ? this.random.between(50, 500)
      : this.random.between(0.1, 3);
    this.timeline.after(delayMs, () => {
      if (this.unreachable.has(host)) this.reached(host, run);
      else run();
    });
  }
}
