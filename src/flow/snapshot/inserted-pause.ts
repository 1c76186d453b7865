import { MachineError } from '../../base/errors.js';
import type { LiveOptions, Machine, Position } from '../machine/machine.js';

/**
 * Lets a machine be copied and paused for a moment beside its role, which goes on as if nothing were: `machine` is the
 * one to give to the role. What the role asks for meanwhile waits (a pause) or holds from the end of this pause on
 * (other options). A copy of the role's own comes first: one that is under way here ends.
 */
export class InsertedPause {
  readonly machine: Machine;
  /** As the role wants it to run. */
  private options: LiveOptions | null = null;
  private rolePaused = false;
  private standing = false;
  /** The present pause, to its end. */
  private pausing: Promise<void> | null = null;
  private copying = false;

  constructor(private readonly inner: Machine) {
    const own: Partial<Machine> = {
      startLive: (options) => {
        inner.startLive(options);
        this.options = options;
      },
      resume: (options) => {
        inner.resume(options);
        this.options = options;
        this.rolePaused = false;
      },
      reconfigure: (options) => {
        if (!this.standing) inner.reconfigure(options);
        this.options = options;
      },
      goLive: (options) => {
        inner.goLive(options);
        this.options = options;
      },
      pause: () => this.pauseForRole(),
      copyBegin: () => {
        this.endCopy();
        inner.copyBegin();
      },
    };
    this.machine = new Proxy(inner, {
      get: (target, name) => Reflect.get(Object.hasOwn(own, name) ? own : target, name) as unknown,
    });
  }

  /** Throws `wrong-mode`: the machine does not run, or is being copied already. */
  beginCopy(): void {
    if (this.rolePaused) throw busy();
    this.inner.copyBegin();
    this.copying = true;
  }

  /** Idempotent. */
  endCopy(): void {
    if (!this.copying) return;
    this.copying = false;
    this.inner.copyEnd();
  }

  /** Of the copy that was begun here; reading it rejects with `wrong-mode` once a copy of the role's has begun. */
  get copied(): Pick<
    Machine,
    'config' | 'copyRead' | 'copyChanges' | 'copyState' | 'digest' | 'status'
  > {
    if (!this.copying) throw busy();
    return this.inner;
  }

  /** Runs `work` while the machine stands still. Rejects with `wrong-mode` when the role has it paused, and as `work` does. */
  async whilePaused<T>(work: () => Promise<T>): Promise<T> {
    if (this.rolePaused || this.pausing !== null) throw busy();
    let over: () => void = () => undefined;
    this.pausing = new Promise((resolve) => {
      over = resolve;
    });
    try {
      await this.inner.pause();
      this.standing = true;
      return await work();
    } finally {
      this.standing = false;
      this.pausing = null;
      if (this.options !== null && this.inner.status().mode === 'paused') {
        this.inner.resume(this.options);
      }
      over();
    }
  }

  private async pauseForRole(): Promise<Position> {
    this.rolePaused = true;
    await this.pausing;
    return this.inner.pause();
  }
}

function busy(): MachineError {
  return new MachineError(
    'wrong-mode',
    'the machine is being handed to another replica',
    'try again when that is over',
  );
}
