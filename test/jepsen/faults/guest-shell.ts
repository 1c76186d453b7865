import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

import { guestAddress } from '../../../src/cli/demo/demo-network.js';
import type { NetworkNamespace } from '../../../src/cli/demo/network-namespace.js';
import { shellPort } from '../guest.js';

const endWord = 'vmft-shell-end';

/**
 * What a command prints on the guest's shell service, over a connection from the client's network. Rejects when the
 * guest does not come to its end in time.
 */
export function inGuest(
  client: NetworkNamespace,
  command: string,
  timeoutMs: number,
): Promise<string> {
  const script = [
    `exec 3<>/dev/tcp/${guestAddress}/${shellPort}`,
    'printf "%s\\n" "$1" >&3',
    'exec cat <&3',
  ].join('; ');
  const typed = `{ ${command}; } 2>&1; echo ${endWord}; exit`;
  const child = client.spawn(['bash', '-c', script, 'bash', typed], ['ignore', 'pipe', 'ignore']);
  const said: string[] = [];
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`the guest did not end "${command}": ${said.join(' / ')}`));
    }, timeoutMs);
    createInterface({ input: child.stdout as Readable }).on('line', (line) => {
      if (line !== endWord) {
        said.push(line);
        return;
      }
      clearTimeout(timer);
      child.kill('SIGKILL');
      resolve(said.join('\n'));
    });
    child.on('error', reject);
  });
}
