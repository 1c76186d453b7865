import { SequenceQueue } from '../../base/sequence-queue.js';

/**
 * The gate: which outputs of a protected primary may leave.
 *
 * The problem. A client that has seen an output will act on it, so whoever takes over must be in a state
 * in which that output was sent. The backup's state follows from the log it *has*; so an output may
 * leave only once the backup is known to hold every record taken before the output was produced. This is
 * the Output Rule of "The Design of a Practical System for Fault-Tolerant Virtual Machines" §2.2. The
 * backup need not have executed the log, only received it: it executes to the log's end before it talks.
 *
 * The idea. Outputs are counted since the machine was created. A segment says how many had been produced
 * at its `runUntil`; so the acknowledgement of a segment is the permission for that many outputs, and
 * nothing needs to be known about a single one. The machine runs on meanwhile: only outputs wait. That the
 * count belongs to a position *at or after* each output's own, and that every record before the position is in
 * this segment or an earlier one, is the recorder's promise (src/flow/machine/machine.ts).
 *
 * What is rejected. Releasing by time, or on a best guess of the network's order, would lose outputs in
 * exactly the case that the pair exists for. Tying outputs to the backup's *execution* would be right as
 * well, but would make each output wait for the backup's vCPU.
 *
 * A replica that is alone by arbitration has no rule to keep: `alone()` opens the gate for good. After it,
 * a stray acknowledgement changes nothing.
 */
export class Gate {
  /** Outputs produced by the end of each segment that was sent and not acknowledged. */
  private readonly waiting = new SequenceQueue<bigint>();
  private producedCount: bigint;
  private releasedCount: bigint;
  private open = false;

  /** `released`: outputs that had left when the gate was closed; all earlier ones are known to be out. */
  constructor(released: bigint) {
    this.producedCount = released;
    this.releasedCount = released;
  }

  /** Outputs 1 … `released` may leave. */
  get released(): bigint {
    return this.releasedCount;
  }

  get produced(): bigint {
    return this.producedCount;
  }

  /** A segment was recorded and is on its way to the backup. */
  append(sequence: bigint, outputsProduced: bigint): void {
    if (outputsProduced > this.producedCount) this.producedCount = outputsProduced;
    if (this.open) this.releasedCount = this.producedCount;
    else this.waiting.append(sequence, outputsProduced);
  }

  /**
   * The backup holds every segment up to `sequence`. Returns how many outputs may leave now, counted from
   * the machine's creation, or null when that is no more than before.
   */
  acknowledge(sequence: bigint): bigint | null {
    const before = this.releasedCount;
    this.waiting.take(sequence, (outputsProduced) => {
      if (outputsProduced > this.releasedCount) this.releasedCount = outputsProduced;
    });
    return this.releasedCount > before ? this.releasedCount : null;
  }

  /** The replica is alone by arbitration: everything may leave, now and later. */
  alone(): bigint {
    this.open = true;
    this.waiting.clear();
    this.releasedCount = this.producedCount;
    return this.releasedCount;
  }
}
