import { asVmftError, type VmftError } from '../base/errors.js';

/** The one line that a command ends with when it fails: what, and what to do. */
export function errorLine(error: VmftError): string {
  const advice = error.whatToDo === '' ? '' : ` — ${error.whatToDo}`;
  return `vmft: ${error.message}${advice}`.replace(/\s*\n\s*/g, ' ');
}

/** Prints the line, and for a bug of ours the stack that its report needs; returns the exit status. */
export function reportError(thrown: unknown): number {
  const error = asVmftError(thrown);
  process.stderr.write(`${errorLine(error)}\n`);
  if (error.code === 'internal') {
    const { cause } = error;
    const stack = cause instanceof Error ? cause.stack : error.stack;
    if (stack !== undefined) process.stderr.write(`${stack}\n`);
  }
  return error.exitStatus;
}
