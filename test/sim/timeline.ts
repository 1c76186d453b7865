/** Simulated time: what happens next, in order of time and, at equal times, of scheduling. */
interface Entry {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

export class Timeline {
  nowMs = 0;
  private readonly heap: Entry[] = [];
  private scheduled = 0;

  at(atMs: number, run: () => void): void {
    this.scheduled += 1;
    const entry = { atMs: Math.max(atMs, this.nowMs), order: this.scheduled, run };
    let index = this.heap.length;
    this.heap.push(entry);
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = this.heap[above];
      if (parent === undefined || before(parent, entry)) break;
      this.heap[index] = parent;
      index = above;
    }
    this.heap[index] = entry;
  }

  after(delayMs: number, run: () => void): void {
    this.at(this.nowMs + delayMs, run);
  }

  /** True while something waits for a promise: then the event loop turns after each event. */
  asynchronous: () => boolean = () => false;

  /** Runs everything due up to `untilMs`. */
  async run(untilMs: number): Promise<void> {
    for (let next = this.heap[0]; next !== undefined && next.atMs <= untilMs; next = this.heap[0]) {
      this.pop();
      this.nowMs = next.atMs;
      next.run();
      if (this.asynchronous()) await new Promise(setImmediate);
    }
    this.nowMs = Math.max(this.nowMs, untilMs);
  }

  /** The same in the midst of something that runs: that stands still meanwhile, and so does what waits for promises. */
  runWithin(untilMs: number): void {
    for (let next = this.heap[0]; next !== undefined && next.atMs <= untilMs; next = this.heap[0]) {
      this.pop();
      this.nowMs = next.atMs;
      next.run();
    }
    this.nowMs = Math.max(this.nowMs, untilMs);
  }

  private pop(): void {
    const last = this.heap.pop();
    const { length } = this.heap;
    if (last === undefined || length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= length) break;
      let least = this.heap[child];
      const right = this.heap[child + 1];
      if (least !== undefined && right !== undefined && before(right, least)) {
        least = right;
        child += 1;
      }
      if (least === undefined || before(last, least)) break;
      this.heap[index] = least;
      index = child;
    }
    this.heap[index] = last;
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
