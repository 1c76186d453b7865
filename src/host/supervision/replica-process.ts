import { spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';

import { asVmftError, VmftError } from '../../base/errors.js';

/** Processes of replicas, which outlive the daemon that started them. */
export interface ReplicaProcesses {
  /** Starts `vmft` with these words. Throws `replica-failed`. `onEnd` is called if this daemon sees its end. */
  start(words: readonly string[], logFile: string, onEnd: (how: string) => void): number;
  /** The process that has this control socket among its words; null: none. */
  find(socket: string, processId: number | null): number | null;
  /** SIGKILL, if it still is that process. */
  kill(processId: number, socket: string): void;
}

/** `command`: what runs `vmft`, such as node and its main script. */
export function replicaProcesses(command: readonly string[]): ReplicaProcesses {
  const [program = '', ...first] = command;
  return {
    start(words, logFile, onEnd) {
      const log = openSync(logFile, 'a', 0o600);
      try {
        // A session of its own: what ends the daemon, a terminal or a service manager, is not to end the guest.
        const child = spawn(program, [...first, ...words], {
          detached: true,
          stdio: ['ignore', 'ignore', log],
        });
        child.on('error', (error) => {
          onEnd(error.message);
        });
        child.on('exit', (code, signal) => {
          onEnd(signal === null ? `status ${code ?? 0}` : `signal ${signal}`);
        });
        child.unref();
        if (child.pid === undefined) throw new Error('no process was made');
        return child.pid;
      } catch (error) {
        const { message } = asVmftError(error);
        throw new VmftError('replica-failed', `cannot start ${program}: ${message}`, '', error);
      } finally {
        closeSync(log);
      }
    },
    find(socket, processId) {
      if (processId !== null && hasSocket(processId, socket)) return processId;
      const found = readdirSync('/proc').find(
        (name) => /^\d+$/.test(name) && hasSocket(Number(name), socket),
      );
      return found === undefined ? null : Number(found);
    },
    kill(processId, socket) {
      if (!hasSocket(processId, socket)) return;
      try {
        process.kill(processId, 'SIGKILL');
      } catch {
        // It ended by itself.
      }
    },
  };
}

/** Process ids are used again; sockets' names are not. One that has ended and was not waited for has no words. */
function hasSocket(processId: number, socket: string): boolean {
  try {
    const words = readFileSync(`/proc/${processId}/cmdline`, 'utf8').split('\0');
    return words[words.indexOf('--control') + 1] === socket && words.includes('--control');
  } catch {
    return false;
  }
}

/** The last thing that a replica had to say in its log, without its "vmft: "; empty: nothing. */
export function lastWords(logFile: string): string {
  try {
    const lines = readFileSync(logFile, 'utf8').trimEnd().split('\n');
    const last = lines.findLast((line) => line.startsWith('vmft: ')) ?? lines.at(-1) ?? '';
    return last.replace(/^vmft: /, '').slice(0, 1_000);
  } catch {
    return '';
  }
}
