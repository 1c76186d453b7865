/** An event of a replica, numbered 1, 2, 3, … since its process began. */
export interface NumberedEvent {
  readonly number: bigint;
  /** As a line of --json-events. */
  readonly json: string;
}

/** What has happened to a replica of late, and who waits for more. Old events make room for new ones. */
export class EventHistory {
  private readonly kept: NumberedEvent[] = [];
  private count = 0n;
  private readonly waiting = new Set<() => void>();

  constructor(private readonly keptMax: number) {}

  add(json: string): void {
    this.count += 1n;
    this.kept.push({ number: this.count, json });
    if (this.kept.length > this.keptMax) this.kept.shift();
    for (const tell of [...this.waiting]) tell();
  }

  /** The first event behind `number` that is still kept; null when there is none yet. */
  after(number: bigint): NumberedEvent | null {
    const [oldest] = this.kept;
    if (oldest === undefined || number >= this.count) return null;
    const at = number < oldest.number ? 0 : Number(number - oldest.number) + 1;
    return this.kept[at] ?? null;
  }

  /** `tell` is called after each new event, until the returned function is. */
  watch(tell: () => void): () => void {
    this.waiting.add(tell);
    return () => {
      this.waiting.delete(tell);
    };
  }
}
