import { VmftError } from '../../src/base/errors.js';
import type { ArbitrationResult } from '../../src/pair/role/role.js';
import type { SeededRandom } from './seeded-random.js';
import type { Timeline } from './timeline.js';

/**
 * The arbiter's storage as the simulation has it: atomic, durable, sometimes out of reach, sometimes so
 * slow that an operation is done long after its time-out, sometimes without a reply for what it did.
 */
export class SimStorage {
  /** Flags taken: "generation" → replica id. The checkers' truth about who may be live. */
  readonly taken = new Map<number, string>();
  private readonly formed = new Set<number>();
  private readonly unreachable = new Set<string>();
  /** Operations take up to this long. */
  delayMaxMs = 4;
  /** How likely a reply gets lost after the work was done. */
  replyLoss = 0;

  constructor(
    private readonly timeline: Timeline,
    private readonly random: SeededRandom,
  ) {}

  cut(host: string): void {
    this.unreachable.add(host);
  }

  heal(): void {
    this.unreachable.clear();
    this.replyLoss = 0;
    this.delayMaxMs = 4;
  }

  testAndSet(host: string, generation: number, done: (result: ArbitrationResult) => void): void {
    let answered = false;
    const answer = (result: ArbitrationResult): void => {
      if (answered) return;
      answered = true;
      done(result);
    };
    this.timeline.after(operationMs, () => {
      answer({ kind: 'unreachable', error: lost });
    });
    this.operate(host, () => {
      const winner = this.taken.get(generation) ?? host;
      this.taken.set(generation, winner);
      if (this.random.chance(this.replyLoss)) return;
      this.reply(() => {
        answer(winner === host ? { kind: 'won' } : { kind: 'lost', winner });
      });
    });
  }

  form(host: string, generation: number, done: (error: VmftError | null) => void): void {
    this.bounded(host, done, () => {
      this.formed.add(generation);
      return null;
    });
  }

  verify(host: string, generation: number, done: (error: VmftError | null) => void): void {
    this.bounded(host, done, () => (this.formed.has(generation) ? null : notShared));
  }

  private bounded(
    host: string,
    done: (error: VmftError | null) => void,
    work: () => VmftError | null,
  ): void {
    let answered = false;
    const answer = (error: VmftError | null): void => {
      if (answered) return;
      answered = true;
      done(error);
    };
    this.timeline.after(operationMs, () => {
      answer(lost);
    });
    this.operate(host, () => {
      const error = work();
      this.reply(() => {
        answer(error);
      });
    });
  }

  /** An operation of a host that is cut off now is lost, or done when it is back: NFS repeats it. */
  private operate(host: string, work: () => void): void {
    this.timeline.after(this.random.between(0.1, this.delayMaxMs), () => {
      if (!this.unreachable.has(host)) work();
      else if (this.random.chance(0.5))
        this.timeline.after(operationMs, () => {
          this.operate(host, work);
        });
    });
  }

  private reply(answer: () => void): void {
    this.timeline.after(this.random.between(0.1, this.delayMaxMs), answer);
  }
}

const operationMs = 150;
const lost = new VmftError('arbiter-unreachable', 'the simulated storage did not answer');
const notShared = new VmftError('arbiter-not-shared', 'the simulated storage shows no mark');
