/**
 * A process of its own: asks guests' counters over standing TCP connections, all at once, each for the next as soon as it is answered or
 * a pause later.
 *
 *   node exchange-client.js PORT CONNECTIONS PAUSE_MS ADDRESS…
 *
 * CONNECTIONS are to each address. Writes `exchanges N`, all answers so far, ten times a second from when all stand until it is
 * killed. Fails when a connection does.
 */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const tellMs = 100;
const connectMsMax = 5_000;
const triesMax = 20;
const betweenTriesMs = 250;

const [port = '', connections = '', pause = '', ...addresses] = process.argv.slice(2);
const pauseMs = Number(pause);
let exchanges = 0;

async function connected(host: string): Promise<Socket> {
  for (let tries = 1; ; tries += 1) {
    const socket = connect({ host, port: Number(port), noDelay: true });
    try {
      await once(socket, 'connect', { signal: AbortSignal.timeout(connectMsMax) });
      return socket;
    } catch (error) {
      socket.destroy();
      if (tries === triesMax) throw error;
      await sleep(betweenTriesMs);
    }
  }
}

function work(socket: Socket, host: string): void {
  const ask = (): void => {
    socket.write('inc\n');
  };
  socket.on('data', () => {
    exchanges += 1;
    if (pauseMs === 0) ask();
    else setTimeout(ask, pauseMs);
  });
  for (const event of ['error', 'close'] as const) {
    socket.on(event, () => {
      process.stderr.write(`a connection to ${host} broke\n`);
      process.exit(1);
    });
  }
  ask();
}

const sockets: (readonly [Socket, string])[] = [];
for (const address of addresses) {
  for (let number = 0; number < Number(connections); number += 1) {
    sockets.push([await connected(address), address]);
  }
}
for (const [socket, address] of sockets) work(socket, address);
setInterval(() => {
  process.stdout.write(`exchanges ${exchanges}\n`);
}, tellMs);
