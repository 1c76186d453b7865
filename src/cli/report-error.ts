import { asVmftError, type VmftError } from '../base/errors.js';

/** The one line that a command ends with when it fails: what, and what to do. */
export function errorLine(error: VmftError): string {
  const what = error.message.split('\n')[0] ?? '';
  const advice = error.whatToDo === '' ? '' : ` — ${error.whatToDo}`;
  return `vmft: ${what}${advice}`.replace(/\s*\n\s*/g, ' ');
}

/**
 * Prints the line, last. What goes before it is for whoever looks closer: the further lines of the message (a
 * guest's registers), and the stack of a bug of ours. Returns the exit status.
 */
export function reportError(thrown: unknown): number {
  const error = asVmftError(thrown);
  const details = error.message.split('\n').slice(1);
  if (error.code === 'internal') {
    const { cause } = error;
    details.push((cause instanceof Error ? cause.stack : error.stack) ?? '');
  }
  for (const line of [...details, errorLine(error)]) {
    if (line !== '') process.stderr.write(`${line}\n`);
  }
  return error.exitStatus;
}
