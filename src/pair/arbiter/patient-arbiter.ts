import type { Clock } from '../../base/clock.js';
import { asVmftError, VmftError } from '../../base/errors.js';
import type { ArbitrationResult } from '../role/role.js';
import type { ArbiterPort } from '../session/ports.js';
import type { Arbiter, FlagOutcome } from './arbiter.js';

/**
 * An arbiter as a replica uses it: operations never take longer than `operationMs` to be answered. One
 * that does counts as unreachable storage, but is not forgotten: at most one attempt at a flag is under
 * way, the next call waits for the same one, and its late outcome is that call's answer.
 */
export class PatientArbiter implements ArbiterPort {
  private readonly underWay = new Map<string, Promise<FlagOutcome>>();

  constructor(
    private readonly arbiter: Arbiter,
    private readonly replicaId: string,
    private readonly clock: Clock,
    private readonly operationMs: number,
  ) {}

  get url(): string {
    return this.arbiter.url;
  }

  testAndSet(
    machineId: string,
    generation: bigint,
    done: (result: ArbitrationResult) => void,
  ): void {
    const key = `${machineId}.${generation}`;
    let attempt = this.underWay.get(key);
    if (attempt === undefined) {
      const { replicaId } = this;
      attempt = this.arbiter.testAndSet({ machineId, generation, replicaId });
      this.underWay.set(key, attempt);
      const forget = (): void => {
        this.underWay.delete(key);
      };
      attempt.then(forget, forget);
    }
    this.bounded(attempt, (answer) => {
      if (answer.error === null) done(answer.value);
      else done({ kind: 'unreachable', error: answer.error });
    });
  }

  form(machineId: string, generation: bigint, done: (error: VmftError | null) => void): void {
    const { replicaId } = this;
    const formed = this.arbiter.form({ machineId, generation, replicaId }).then(() => true);
    this.bounded(formed, (answer) => {
      done(answer.error);
    });
  }

  /** NFS clients may remember for a while that a name does not exist: look a few times. */
  verifyFormation(
    machineId: string,
    generation: bigint,
    done: (error: VmftError | null) => void,
  ): void {
    let looksLeft = formationLooks;
    const look = (): void => {
      looksLeft -= 1;
      this.bounded(this.arbiter.sees(machineId, generation), (answer) => {
        if (answer.value === true) done(null);
        else if (looksLeft > 0) this.clock.after(formationLookMs, look);
        else done(answer.error ?? this.notShared());
      });
    };
    look();
  }

  private notShared(): VmftError {
    return new VmftError(
      'arbiter-not-shared',
      `${this.url} does not show what the primary wrote there: the two hosts do not see the same storage`,
      'give both sides the same shared directory',
    );
  }

  private bounded<T>(promise: Promise<T>, done: (answer: Answer<T>) => void): void {
    let answered = false;
    const answer = (first: Answer<T>): void => {
      if (answered) return;
      answered = true;
      cancel();
      done(first);
    };
    const cancel = this.clock.after(this.operationMs, () => {
      const error = new VmftError(
        'arbiter-unreachable',
        `${this.url} did not answer within ${this.operationMs} ms`,
        'bring the shared storage back; vmft tries again by itself',
      );
      answer({ value: null, error });
    });
    promise.then(
      (value) => {
        answer({ value, error: null });
      },
      (thrown: unknown) => {
        answer({ value: null, error: asVmftError(thrown) });
      },
    );
  }
}

type Answer<T> =
  { readonly value: T; readonly error: null } | { readonly value: null; readonly error: VmftError };

const formationLooks = 10;
const formationLookMs = 300;
