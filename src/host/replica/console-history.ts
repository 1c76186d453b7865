/**
 * What a guest has shown on its console of late, for whoever looks on later, and who waits for more. Bytes are named by
 * their place in all that was shown since the replica's process began.
 */
export class ConsoleHistory {
  private readonly ring: Buffer;
  /** Place of the next byte to come. */
  private end = 0;
  private readonly waiting = new Set<() => void>();

  constructor(keptBytesMax: number) {
    this.ring = Buffer.alloc(keptBytesMax);
  }

  add(bytes: Buffer): void {
    if (bytes.length === 0) return;
    const kept = bytes.subarray(-this.ring.length);
    this.end += bytes.length - kept.length;
    const at = this.end % this.ring.length;
    const copied = kept.copy(this.ring, at);
    kept.copy(this.ring, 0, copied);
    this.end += kept.length;
    for (const tell of [...this.waiting]) tell();
  }

  /**
   * Bytes from `place` on, as far as they are kept (whoever is too slow misses some), at most `bytesMax`. Empty: nothing
   * is there yet. `next` is where to go on.
   */
  from(place: number, bytesMax: number): { readonly bytes: Buffer; readonly next: number } {
    const begin = Math.max(place, this.end - this.ring.length, 0);
    const count = Math.max(0, Math.min(this.end - begin, bytesMax));
    const at = begin % this.ring.length;
    const first = this.ring.subarray(at, at + count);
    const rest = this.ring.subarray(0, count - first.length);
    return { bytes: Buffer.concat([first, rest]), next: begin + count };
  }

  /** `tell` is called after each new output, until the returned function is. */
  watch(tell: () => void): () => void {
    this.waiting.add(tell);
    return () => {
      this.waiting.delete(tell);
    };
  }
}
