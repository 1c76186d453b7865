import { VmftError } from '../../base/errors.js';
import { SequenceQueue } from '../../base/sequence-queue.js';

/**
 * What was recorded and is not yet acknowledged: the bound of design §5. The bytes themselves wait in the
 * channel; this counts them, keeps the sequence numbers honest and says when the limit is reached. The
 * vCPU stalls by itself at the same limit (`LiveOptions.unacknowledgedBytesMax`), so the buffer passes it
 * by what was already under way at most.
 */
export class LogBuffer {
  private readonly sizes = new SequenceQueue<number>();
  private bytesHeld = 0;
  private nextSequence = 0n;
  private nextUnacknowledged = 0n;

  constructor(readonly bytesMax: number) {}

  get bytes(): number {
    return this.bytesHeld;
  }

  get full(): boolean {
    return this.bytesHeld >= this.bytesMax;
  }

  /** The sequence number that the next segment must have. */
  get next(): bigint {
    return this.nextSequence;
  }

  /** True when nothing waits for an acknowledgement. */
  get settled(): boolean {
    return this.nextUnacknowledged === this.nextSequence;
  }

  /** Throws `internal` when a segment is missing or doubled: the recorder would have a bug. */
  append(sequence: bigint, bytes: number): void {
    if (sequence !== this.nextSequence) {
      throw new VmftError(
        'internal',
        `the recorder made segment ${sequence} where ${this.nextSequence} was due`,
        'please report this',
      );
    }
    this.nextSequence += 1n;
    this.sizes.append(sequence, bytes);
    this.bytesHeld += bytes;
  }

  /** Forgets segments up to `sequence`; returns what is wrong with the acknowledgement, or null. */
  acknowledge(sequence: bigint): VmftError | null {
    if (sequence >= this.nextSequence) {
      return new VmftError(
        'ack-beyond-sent',
        `the backup acknowledged segment ${sequence}, but ${this.nextSequence} were sent`,
      );
    }
    if (sequence < this.nextUnacknowledged) {
      return new VmftError(
        'sequence-repeated',
        `the backup acknowledged segment ${sequence} twice`,
      );
    }
    this.nextUnacknowledged = sequence + 1n;
    this.sizes.take(sequence, (bytes) => {
      this.bytesHeld -= bytes;
    });
    return null;
  }
}
