import { once } from 'node:events';

import type { NetworkNamespace } from '../../src/cli/demo/network-namespace.js';

/**
 * How many frames a tap has been given by whoever has it open, since it was made: by the kernel's count, which no process can
 * be late for. The tap outlives its process.
 */
export async function framesWritten(namespace: NetworkNamespace, tap: string): Promise<number> {
  const command = ['ip', '-json', '-stats', 'link', 'show', 'dev', tap];
  const child = namespace.spawn(command, ['ignore', 'pipe', 'inherit']);
  let text = '';
  child.stdout?.on('data', (bytes: Buffer) => (text += bytes.toString('utf8')));
  await once(child, 'close');
  const [link] = JSON.parse(text) as { stats64: { rx: { packets: number } } }[];
  if (link === undefined) throw new Error(`there is no ${tap}`);
  return link.stats64.rx.packets;
}
