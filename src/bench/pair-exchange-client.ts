/**
 * A process of its own: measures round trips to the guest's counter over one TCP connection.
 *
 *   node pair-exchange-client.js HOST PORT COUNT
 *
 * Writes one JSON array of milliseconds. The first exchanges are not in it.
 */

import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Without a pause: a pair's life is long, and its first seconds run code that is not compiled yet. */
const warmUps = 800;
/** Each measured exchange finds a guest that has gone idle, as a user's request would. */
const pauseMs = 5;

const [host = '', port = '', count = ''] = process.argv.slice(2);
const socket = connect({ host, port: Number(port), noDelay: true });
await once(socket, 'connect');
const samples: number[] = [];
for (let turn = -warmUps; turn < Number(count); turn += 1) {
  if (turn >= 0) await sleep(pauseMs);
  const answered = once(socket, 'data');
  const sentMs = performance.now();
  socket.write('inc\n');
  await answered;
  if (turn >= 0) samples.push(Math.round((performance.now() - sentMs) * 1000) / 1000);
}
socket.destroy();
console.log(JSON.stringify(samples));
