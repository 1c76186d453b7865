import type { LiveOptions, RecordedSegment } from '../../../src/flow/machine/machine.js';
import { encodeFakeFrame, type FakeSegment } from './fake-frame.js';
import type { GuestInput } from './fake-guest.js';
import type { FakeState } from './fake-image.js';

/** What a live fake machine has recorded: the inputs since the last segment, and the segments that wait. */
export class FakeRecorder {
  private inputs: GuestInput[] = [];
  private nextSequence = 0;
  private sent: { readonly sequence: number; readonly bytes: number }[] = [];
  private flushedTick = 0;
  /** Outputs that the last checkpoint covers. */
  private checkpointed = 0;
  unacknowledgedBytes = 0;

  /** `formerly`: before; `outputs`: produced so far. */
  start(options: LiveOptions, formerly: LiveOptions | null, outputs: number): void {
    if (!options.recording) {
      this.sent = [];
      this.unacknowledgedBytes = 0;
      this.inputs = [];
    } else if (formerly?.generation !== options.generation) {
      this.nextSequence = 0;
      this.checkpointed = outputs;
    }
  }

  add(input: GuestInput): void {
    this.inputs.push(input);
  }

  /** What was recorded is in the state that follows. */
  forget(): void {
    this.inputs = [];
  }

  /** A guest that nothing comes in to rests, and so do its replicas (native/runner/recorder.h). */
  due(tick: number): boolean {
    const age = tick - this.flushedTick;
    return age >= (this.inputs.length > 0 ? 40 : restingSegmentTicks);
  }

  acknowledge(sequence: bigint): void {
    let first = this.sent[0];
    while (first !== undefined && first.sequence <= Number(sequence)) {
      this.unacknowledgedBytes -= first.bytes;
      this.sent.shift();
      first = this.sent[0];
    }
  }

  flush(live: LiveOptions | null, image: FakeState, urgent: boolean): RecordedSegment[] {
    const { inputs } = this;
    const { tick, outputs: produced } = image.state;
    this.inputs = [];
    this.flushedTick = tick;
    if (live?.recording !== true) return [];
    if (live.replication === 'replay') {
      return [this.segment(live, image, { inputs, produced }, urgent)];
    }
    // The larger epochs are two parts; only the last says that the outputs are covered.
    const first = inputs.length > 2 ? inputs.splice(0, 2) : null;
    const part = { inputs: first ?? [], produced: this.checkpointed, checkpoint: null };
    const parts = first === null ? [] : [this.segment(live, image, part, false)];
    this.checkpointed = produced;
    const last = { inputs, produced, checkpoint: image };
    return [...parts, this.segment(live, image, last, urgent)];
  }

  private segment(
    { generation }: LiveOptions,
    { state, released }: FakeState,
    content: Pick<FakeSegment, 'inputs' | 'produced' | 'checkpoint'>,
    urgent: boolean,
  ): RecordedSegment {
    const { nextSequence: sequence } = this;
    const frame = encodeFakeFrame({
      ...{ generation: Number(generation), sequence, released },
      ...{ runUntil: state.tick, digest: state.hash },
      ...content,
    });
    this.nextSequence += 1;
    this.sent.push({ sequence, bytes: frame.length });
    this.unacknowledgedBytes += frame.length;
    return {
      ...{ generation, sequence: BigInt(sequence), frame, urgent },
      runUntilTicks: BigInt(state.tick),
      virtualNs: BigInt(state.tick) * nsPerTick,
      outputsProduced: BigInt(content.produced),
    };
  }
}

const restingSegmentTicks = 1_000;

export const nsPerTick = 100_000n;
