import { PassThrough } from 'node:stream';

import type { VmftChild } from '../../src/cli/demo/vmft-child.js';
import { systemClock } from '../../src/flow/world/system-clock.js';
import type { LabHost } from './lab-host.js';
import type { JobStream } from './lab-job.js';

/** As provision.sh and init have put it. */
export const vmft = 'node /vmft/dist/src/cli/main.js';

/**
 * A `vmft` inside a machine of the lab, as the demo sees one. Killing it kills the whole machine.
 *
 * The machine's clock is not ours, so its events are given the time at which they are heard here; that is
 * later than they happened by what passes through the shared folder, some 20 ms.
 */
export function startInMachine(host: LabHost, command: readonly string[]): VmftChild {
  const streams = {
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    events: new PassThrough(),
  };
  let unfinished = '';
  const onOutput = (stream: JobStream, bytes: Buffer): void => {
    if (stream !== 'events') {
      streams[stream].write(bytes);
      return;
    }
    const lines = (unfinished + bytes.toString('utf8')).split('\n');
    unfinished = lines.pop() ?? '';
    for (const line of lines) streams.events.write(`${heardNow(line)}\n`);
  };
  const words = command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  const job = host.start(`exec ${vmft} ${words}`, { timeoutMs: null, onOutput });
  let how: string | null = null;
  const listeners: ((how: string) => void)[] = [];
  void job.ended.then(({ status, reason }) => {
    how = status === null ? reason : `status ${status}`;
    for (const stream of Object.values(streams)) stream.end();
    for (const listener of listeners) listener(how);
  });
  return {
    processId: host.processId,
    ...streams,
    kill: () => {
      host.kill();
    },
    onEnd: (listener) => {
      if (how === null) listeners.push(listener);
      else listener(how);
    },
  };
}

function heardNow(line: string): string {
  try {
    const event = JSON.parse(line) as Record<string, unknown>;
    return JSON.stringify({ ...event, realtimeMs: systemClock.realtimeMs() });
  } catch {
    return line;
  }
}
