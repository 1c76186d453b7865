import { VmftError } from '../base/errors.js';
import { printable } from '../base/printable.js';
import type { HostClient } from '../host/api/host-client.js';
import type { ApiMethod, OperationProgress } from '../host/api/methods.js';
import { OperationDisplay } from './operation-progress.js';

/**
 * Asks for an operation, shows how it goes, and prints `outcome` when all of it was done. Ctrl-C ends only this
 * command. Rejects as {@link HostClient}, and with `stopped`.
 */
export async function runOperation<Request>(
  host: HostClient,
  method: ApiMethod<Request, OperationProgress>,
  request: Request,
  outcome: string,
): Promise<void> {
  const display = new OperationDisplay();
  const given = new AbortController();
  const giveUp = (): void => {
    given.abort();
  };
  for (const signal of signals) process.once(signal, giveUp);
  let done = false;
  try {
    await host.stream(
      method,
      request,
      (progress) => {
        done ||= progress.done;
        display.show({ ...progress, step: printable(progress.step) });
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
  if (!done) {
    throw new VmftError(
      'host-unreachable',
      'the host did not say what came of it',
      'vmft status shows where the machine is',
    );
  }
  console.log(outcome);
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
