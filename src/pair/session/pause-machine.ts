import { asVmftError } from '../../base/errors.js';
import type { Machine } from '../../flow/machine/machine.js';
import type { PauseMachine } from './ports.js';

/** Pauses a native machine. A machine that ended meanwhile cannot be paused; its `stopped` tells the rest. */
export function pauseThen(failed: (message: string) => void): PauseMachine {
  return (machine: Machine, paused: () => void) => {
    machine.pause().then(paused, (thrown: unknown) => {
      const error = asVmftError(thrown);
      if (error.code !== 'wrong-mode' && error.code !== 'stopped') failed(error.message);
    });
  };
}
