/** A section's process, from the outside. */

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

import { namespacesCommand } from '../../cli/demo/enter-namespaces.js';
import type { SectionMessage, SectionOrder } from './section-message.js';

const script = fileURLToPath(new URL('./section-process.js', import.meta.url));
/** Of what it wrote as its errors. */
const noticesMax = 4_000;

/**
 * Measures one section. Resolves with null when it came to its end, or with why not; all of its processes and temporary files are gone
 * then. It is ended at once when `stop` is aborted. Throws `namespace-unavailable`.
 */
export type SectionRunner = (
  order: SectionOrder,
  listener: (message: Exclude<SectionMessage, { type: 'end' }>) => void,
  stop: AbortSignal,
) => Promise<string | null>;

export const runSectionProcess: SectionRunner = (order, listener, stop) => {
  const [program = '', ...words] = namespacesCommand(script, [JSON.stringify(order)]);
  const folder = new TemporaryFolder();
  // Detached: a terminal's Ctrl-C is for us, who then write what there is.
  const child = spawn(program, words, {
    stdio: ['pipe', 'ignore', 'pipe', 'pipe'],
    detached: true,
    env: { ...process.env, TMPDIR: folder.path },
  });
  let ended: { readonly why: string | null } | null = null;
  let notices = '';
  child.stdin?.on('error', () => undefined);
  child.stderr?.on('data', (bytes: Buffer) => {
    notices = (notices + bytes.toString('utf8')).slice(-noticesMax);
  });
  createInterface({ input: child.stdio[3] as Readable }).on('line', (line) => {
    const message = JSON.parse(line) as SectionMessage;
    if (message.type === 'end') ended = message;
    else if (!stop.aborted) listener(message);
  });
  const end = (): void => {
    child.kill('SIGKILL');
  };
  stop.addEventListener('abort', end, { once: true });
  return new Promise((resolve, reject) => {
    child.on('error', (error) => {
      folder.remove();
      reject(error);
    });
    child.on('close', (status, signal) => {
      folder.remove();
      stop.removeEventListener('abort', end);
      if (notices.trim() !== '') listener({ type: 'line', text: notices.trim() });
      resolve(
        ended === null ? `its process ended: ${signal ?? `status ${status ?? 0}`}` : ended.why,
      );
    });
  });
};

/** A section that is ended cannot remove what it made, guests' disks among it. */
class TemporaryFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'vmft-bench-'));

  constructor() {
    process.once('exit', this.remove);
  }

  readonly remove = (): void => {
    process.off('exit', this.remove);
    // The last of those who wrote there may still be ending.
    rmSync(this.path, { recursive: true, force: true, maxRetries: 5 });
  };
}
