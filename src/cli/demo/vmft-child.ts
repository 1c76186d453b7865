import type { Readable } from 'node:stream';

import { mainScript } from '../project-paths.js';
import type { NetworkNamespace } from './network-namespace.js';

/** A `vmft` that was started on a host, wherever that is. */
export interface VmftChild {
  /** On this machine; 0 when it could not be started. */
  readonly processId: number;
  /** The guest's console. */
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Lines of `--json-events 3`. */
  readonly events: Readable;
  /** SIGKILL. */
  kill(): void;
  /** `listener` hears once how it ended, after all of its output. */
  onEnd(listener: (how: string) => void): void;
}

/** Starts a `vmft` of this build in a network namespace. */
export function startInNamespace(
  namespace: NetworkNamespace,
  command: readonly string[],
): VmftChild {
  const vmft = [process.execPath, mainScript, ...command];
  const child = namespace.spawn(vmft, ['ignore', 'pipe', 'pipe', 'pipe']);
  return {
    processId: child.pid ?? 0,
    stdout: child.stdout as Readable,
    stderr: child.stderr as Readable,
    events: child.stdio[3] as Readable,
    kill: () => {
      child.kill('SIGKILL');
    },
    onEnd: (listener) => {
      child.on('error', (error) => {
        listener(error.message);
      });
      child.on('close', (code, signal) => {
        listener(signal ?? `status ${code ?? 0}`);
      });
    },
  };
}
