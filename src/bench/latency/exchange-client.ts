/**
 * A process of its own: measures round trips to the guest's counter over one TCP connection.
 *
 *   node exchange-client.js HOST PORT COUNT WARM-UP-MS
 *
 * Writes one JSON array of milliseconds. The exchanges of the warm-up are not in it.
 */

import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Each measured exchange finds a guest that has gone idle, as a user's request would. */
const pauseMs = 5;

const [host = '', port = '', count = '', warmUpMs = ''] = process.argv.slice(2);
const socket = connect({ host, port: Number(port), noDelay: true });
await once(socket, 'connect');

async function exchange(): Promise<number> {
  const answered = once(socket, 'data');
  const sentMs = performance.now();
  socket.write('inc\n');
  await answered;
  return performance.now() - sentMs;
}

// Without a pause: a pair's life is long, and its first seconds run code that is not compiled yet.
const warmAtMs = performance.now() + Number(warmUpMs);
while (performance.now() < warmAtMs) await exchange();
const samples: number[] = [];
while (samples.length < Number(count)) {
  await sleep(pauseMs);
  samples.push(Math.round((await exchange()) * 1000) / 1000);
}
socket.destroy();
console.log(JSON.stringify(samples));
