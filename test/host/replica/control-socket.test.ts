import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';

import { VmftError, type ErrorCode } from '../../../src/base/errors.js';
import { limits } from '../../../src/base/limits.js';
import { systemClock } from '../../../src/flow/world/system-clock.js';
import { ControlServer } from '../../../src/host/replica/control-server.js';
import { ReplicaClient } from '../../../src/host/replica/replica-client.js';
import { ReplicaControl } from '../../../src/host/replica/replica-control.js';
import type { StampedPairEvent } from '../../../src/pair/role/pair-event.js';
import { Looker } from './looker.js';

const folder = mkdtempSync(join(tmpdir(), 'vmft-control-'));
const replica = { machineId: 'm', accelerator: 'soft', build: 'test', startedRealtimeMs: 1_000 };
let sockets = 0;

after(() => {
  rmSync(folder, { recursive: true });
});

function path(): string {
  sockets += 1;
  return join(folder, `socket ${sockets}`);
}

function control(): ReplicaControl {
  return new ReplicaControl(replica);
}

function open(socket: string, replicaControl = control()): Promise<ControlServer> {
  return ControlServer.open(socket, replicaControl, systemClock);
}

function suspicion(generation: bigint): StampedPairEvent {
  const event = { type: 'backup-lost', generation } as const;
  return { ...event, atMs: 1, realtimeMs: 2 };
}

async function rejectsWith(code: ErrorCode, attempt: Promise<unknown>): Promise<VmftError> {
  const error: unknown = await attempt.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof VmftError, String(error));
  assert.equal(error.code, code, error.message);
  return error;
}

void describe('a control socket', () => {
  test('is for its user only, from the first moment, and is gone at the end', async () => {
    const socket = path();
    const umask = process.umask(0);
    try {
      const server = await open(socket);
      assert.equal(statSync(socket).mode & 0o777, 0o600);
      await server.close(100);
      assert.equal(existsSync(socket), false);
    } finally {
      process.umask(umask);
    }
  });

  test('in use is refused, and goes on', async () => {
    const socket = path();
    const server = await open(socket);
    await rejectsWith('address-unavailable', open(socket));
    const client = await ReplicaClient.connect(socket);
    assert.equal((await client.status()).phase, 'starting');
    client.close();
    await server.close(100);
  });

  test('of a process that was killed is replaced', async () => {
    const socket = path();
    const script = `require('node:net').createServer().listen(${JSON.stringify(socket)}, () => process.kill(process.pid, 'SIGKILL'))`;
    assert.equal(spawnSync(process.execPath, ['-e', script]).signal, 'SIGKILL');
    assert.ok(statSync(socket).isSocket());
    const server = await open(socket);
    const client = await ReplicaClient.connect(socket);
    client.close();
    await server.close(100);
    assert.equal(existsSync(socket), false);
  });

  test('where there cannot be one is refused, and nothing is lost', async () => {
    const file = path();
    writeFileSync(file, 'mine');
    await rejectsWith('address-unavailable', open(file));
    assert.equal(statSync(file).size, 4);
    await rejectsWith('address-unavailable', open(join(folder, 'nowhere', 'socket')));
    await rejectsWith('address-unavailable', open(join(folder, 'x'.repeat(100))));
  });

  test('that another process took over is left to it', async () => {
    const socket = path();
    const first = await open(socket);
    rmSync(socket);
    const second = await open(socket);
    await first.close(100);
    const client = await ReplicaClient.connect(socket);
    client.close();
    await second.close(100);
  });

  test('two look on: each sees what is kept, then what comes, to the end', async () => {
    const socket = path();
    const seen = control();
    const server = await open(socket, seen);
    seen.observe(suspicion(1n));
    seen.console.add(Buffer.from('booting…\n'));
    const clients = [new ReplicaClient(socket), new ReplicaClient(socket)];
    const lookers = clients.map((client) => {
      const looker = new Looker();
      client.events(0n, looker);
      client.console(looker);
      return looker;
    });
    for (const looker of lookers) {
      await looker.until('first event', () => looker.events.length === 1);
      await looker.until('output', () => looker.shown.length > 0);
    }
    seen.observe(suspicion(2n ** 60n));
    seen.console.add(Buffer.from('login:'));
    for (const looker of lookers) {
      await looker.until('second event', () => looker.events.length === 2);
      await looker.until('prompt', () => looker.shown.endsWith('login:'));
      assert.deepEqual(
        looker.events.map(({ number }) => number),
        [1n, 2n],
      );
      assert.match(looker.events[1]?.json ?? '', /"generation":"1152921504606846976"/);
    }
    const again = new Looker();
    clients[0]?.events(1n, again);
    await again.until('event behind the first', () => again.events.length === 1);
    assert.equal(again.events[0]?.number, 2n);
    await server.close(1_000);
    await again.until('end', () => again.ends.length === 1);
    for (const looker of lookers) await looker.until('ends', () => looker.ends.length === 2);
    assert.deepEqual([...again.ends, ...lookers.flatMap(({ ends }) => ends)], Array(5).fill(null));
    for (const client of clients) client.close();
  });

  test('keeps the last of what there was, and no more', async () => {
    const socket = path();
    const seen = control();
    const server = await open(socket, seen);
    const extra = 10;
    for (let event = 0; event < limits.controlEventsKept + extra; event += 1) {
      seen.observe(suspicion(BigInt(event)));
    }
    for (let line = 0; line < 10_000; line += 1) seen.console.add(Buffer.from(`line ${line}\n`));
    const client = new ReplicaClient(socket);
    const looker = new Looker();
    client.events(0n, looker);
    client.console(looker);
    await looker.until('events', () => looker.events.length === limits.controlEventsKept);
    assert.equal(looker.events[0]?.number, BigInt(extra + 1));
    await looker.until('lines', () => looker.shown.endsWith('line 9999\n'));
    assert.equal(looker.shown.length, limits.controlConsoleBytesKept);
    client.close();
    await server.close(100);
  });

  test('says by name what a replica cannot do', async () => {
    const socket = path();
    const server = await open(socket);
    const client = new ReplicaClient(socket);
    const error = await rejectsWith('wrong-mode', client.control({ kind: 'power-off' }));
    assert.equal(error.whatToDo, 'ask the replica that is live');
    await rejectsWith('wrong-mode', client.handOver());
    await rejectsWith('bad-argument', client.control({ kind: 'cpu-share', permille: 9 }));
    client.close();
    await server.close(100);
    const gone = new ReplicaClient(socket);
    await rejectsWith('peer-unreachable', gone.status());
    gone.close();
  });

  test('an answer that does not come is not waited for', async () => {
    const socket = path();
    const script = `require('node:net').createServer().listen(${JSON.stringify(socket)}, () => setTimeout(() => process.exit(), 5000))`;
    const silent = spawn(process.execPath, ['-e', script], { stdio: 'ignore' });
    while (!existsSync(socket)) await new Promise((next) => setTimeout(next, 20));
    const client = new ReplicaClient(socket, 200);
    await rejectsWith('peer-unreachable', client.status());
    client.close();
    silent.kill();
  });
});
