/** Values by ascending sequence number, taken from the front in amortized constant time. */
export class SequenceQueue<Value> {
  private readonly entries: { readonly sequence: bigint; readonly value: Value }[] = [];
  private head = 0;

  append(sequence: bigint, value: Value): void {
    this.entries.push({ sequence, value });
  }

  /** Removes everything up to `sequence`, telling each value, the oldest first. */
  take(sequence: bigint, each: (value: Value) => void): void {
    let next = this.entries[this.head];
    while (next !== undefined && next.sequence <= sequence) {
      this.head += 1;
      each(next.value);
      next = this.entries[this.head];
    }
    if (this.head > trimAt || this.head === this.entries.length) {
      this.entries.splice(0, this.head);
      this.head = 0;
    }
  }

  clear(): void {
    this.entries.length = 0;
    this.head = 0;
  }
}

const trimAt = 1024;
