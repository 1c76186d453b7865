/** Runs a whole process to its end and measures it from the outside, as a user's stopwatch would. */

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { VmftError } from '../base/errors.js';
import { LineTimes, type TimedLine } from './cpu/line-times.js';

export interface TimedRun {
  /** From before the process was made until it was gone. */
  readonly wallMs: number;
  readonly output: string;
  /** Of its standard output, as they came, in milliseconds since its start. */
  readonly lines: readonly TimedLine[];
  /** The most resident memory seen, sampled; the kernel's own high-water mark, so little is missed. */
  readonly residentBytesMax: number;
}

const memorySampleMs = 50;

/**
 * @param timeoutMs after which the process is killed and the run has failed
 * @throws VmftError `internal` when the process cannot start, fails, or takes too long; the message
 *   ends with the last lines of its output
 */
export function timeProcess(
  program: string,
  options: readonly string[],
  timeoutMs: number,
): Promise<TimedRun> {
  return new Promise((resolve, reject) => {
    const start = process.hrtime.bigint();
    const child = spawn(program, options, { stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks: Buffer[] = [];
    const elapsedMs = (): number => Number(process.hrtime.bigint() - start) / 1e6;
    const times = new LineTimes();
    child.stdout.on('data', (chunk: Buffer) => {
      times.take(chunk.toString('latin1'), elapsedMs());
      chunks.push(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    let residentBytesMax = 0;
    const sampler = setInterval(() => {
      residentBytesMax = Math.max(residentBytesMax, readHighWaterMark(child.pid));
    }, memorySampleMs);
    const killer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    const fail = (what: string): void => {
      const lines = Buffer.concat(chunks).toString().trimEnd().split('\n').slice(-8).join('\n');
      reject(new VmftError('internal', `${[program, ...options].join(' ')}\n${what}:\n${lines}`));
    };
    child.on('error', (error) => {
      clearInterval(sampler);
      clearTimeout(killer);
      fail(`cannot start: ${error.message}`);
    });
    child.on('close', (status, signal) => {
      const wallMs = elapsedMs();
      clearInterval(sampler);
      clearTimeout(killer);
      if (signal === 'SIGKILL' && wallMs >= timeoutMs)
        fail(`did not end within ${timeoutMs / 1000} s`);
      else if (status !== 0) fail(`ended with ${signal ?? `status ${status}`}`);
      else {
        const output = Buffer.concat(chunks).toString();
        resolve({ wallMs, output, lines: times.lines, residentBytesMax });
      }
    });
  });
}

/** VmHWM of /proc/PID/status, in bytes; 0 once the process is gone. */
function readHighWaterMark(processId: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${processId}/status`, 'latin1');
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
