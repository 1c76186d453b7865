import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { exchangesIn } from '../../../src/bench/scale/exchange-load.js';

const clientScript = fileURLToPath(
  new URL('../../../src/bench/scale/exchange-client.js', import.meta.url),
);

/** Counts like a guest. */
class Counter {
  readonly sockets: Socket[] = [];
  asked = 0;
  private readonly server: Server;

  constructor() {
    this.server = createServer((socket) => {
      this.sockets.push(socket);
      socket.on('error', () => undefined);
      socket.on('data', (bytes) => {
        assert.equal(bytes.toString('latin1'), 'inc\n');
        this.asked += 1;
        socket.write(`${this.asked}\n`);
      });
    });
  }

  async listen(): Promise<number> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return (this.server.address() as AddressInfo).port;
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }
}

void describe('a client of scale', () => {
  const counter = new Counter();
  let client: ChildProcess | null = null;
  after(() => {
    client?.kill('SIGKILL');
    counter.close();
  });

  void test('asks over all of its connections at once, tells all answers, and fails with a connection', async () => {
    const port = await counter.listen();
    const words = [String(port), '5', '1', '127.0.0.1'];
    client = spawn(process.execPath, [clientScript, ...words], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const told: number[] = [];
    let trouble = '';
    client.stderr?.on('data', (bytes: Buffer) => (trouble += bytes.toString('utf8')));
    const lines = createInterface({ input: client.stdout as Readable });
    for await (const line of lines) {
      told.push(exchangesIn(line) ?? NaN);
      if (told.length === 3) break;
    }
    const [first = NaN, , third = NaN] = told;
    assert.equal(counter.sockets.length, 5);
    assert.ok(third > first && first >= 0 && third <= counter.asked);
    counter.sockets[0]?.destroy();
    const [status] = (await once(client, 'close')) as [number | null];
    assert.deepEqual([status, trouble], [1, 'a connection to 127.0.0.1 broke\n']);
  });
});
