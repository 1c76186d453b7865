import { VmftError } from '../base/errors.js';
import { printable } from '../base/printable.js';
import type { HostClient } from '../host/api/host-client.js';
import type { ApiMethod, OperationProgress } from '../host/api/methods.js';
import { OperationDisplay } from './operation-progress.js';

/**
 * Asks for an operation, shows how it goes, and prints what came of it. Ctrl-C ends only this command.
 * Rejects as {@link HostClient}, and with `stopped`.
 */
export async function runOperation<Request>(
  host: HostClient,
  method: ApiMethod<Request, OperationProgress>,
  request: Request,
): Promise<void> {
  const display = new OperationDisplay();
  const given = new AbortController();
  const giveUp = (): void => {
    given.abort();
  };
  for (const signal of signals) process.once(signal, giveUp);
  let last: OperationProgress | null = null;
  try {
    await host.stream(
      method,
      request,
      (progress) => {
        last = { ...progress, step: printable(progress.step) };
        display.show(last);
      },
      {},
      given.signal,
    );
  } catch (error) {
    if (!given.signal.aborted) throw error;
    throw new VmftError(
      'stopped',
      'this command was stopped; the host goes on with what was asked',
      'vmft status shows it',
      error,
    );
  } finally {
    display.stop();
    for (const signal of signals) process.off(signal, giveUp);
  }
  const { done, step } = last ?? { done: false, step: '' };
  if (!done) {
    throw new VmftError(
      'host-unreachable',
      'the host did not say what came of it',
      'vmft status shows where the machine is',
    );
  }
  console.log(step);
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
