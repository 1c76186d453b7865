/** Arbitration on LUNs of a real target. */
import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { after, afterEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { VmftError } from '../../../src/base/errors.js';
import { claimReservation, readReservation } from '../../../src/flow/world/disk-reservation.js';
import type { Disk } from '../../../src/flow/world/disk.js';
import { openDisk } from '../../../src/flow/world/open-disk.js';
import { systemClock } from '../../../src/flow/world/system-clock.js';
import { systemRandom } from '../../../src/flow/world/system-random.js';
import type { Arbiter } from '../../../src/pair/arbiter/arbiter.js';
import { flagBlock } from '../../../src/pair/arbiter/disk-flag.js';
import { openArbiter } from '../../../src/pair/arbiter/open-arbiter.js';
import { PatientArbiter } from '../../../src/pair/arbiter/patient-arbiter.js';
import type { ArbitrationResult } from '../../../src/pair/role/role.js';
import { TgtServer, whyNoTgt } from '../../storage/tgt.js';
import { vmft } from '../../cli/vmft.js';
import { describeArbiter, rejection } from './conformance.js';

const lunBytes = 4 << 20;
const reservedAt = lunBytes - 2 ** 20;
const request = { machineId: 'm', generation: 1n, replicaId: 'a' };

let shared: TgtServer | null = null;
let nextLun = 1;
after(() => shared?.stop());

describeArbiter('a LUN of tgt', whyNoTgt(), async () => {
  shared ??= await TgtServer.start({ luns: 12, lunBytes });
  const server = shared;
  const lun = nextLun;
  nextLun += 1;
  return {
    url: server.url(lun),
    open: () => openArbiter(server.url(lun), systemRandom),
    spoil: async () => {
      writeImage(server.imagePath(lun), 512 * flagBlock, Buffer.from('not a flag'));
    },
    remove: () => Promise.resolve(),
  };
});

function writeImage(path: string, offsetInReserved: number, bytes: Buffer): void {
  const file = openSync(path, 'r+');
  writeSync(file, bytes, 0, bytes.length, reservedAt + offsetInReserved);
  closeSync(file);
}

describe('an arbiter on a LUN', { skip: whyNoTgt() }, () => {
  const servers: TgtServer[] = [];
  const arbiters: Arbiter[] = [];
  const disks: Disk[] = [];
  const start = async (...options: Parameters<typeof TgtServer.start>): Promise<TgtServer> => {
    const server = await TgtServer.start({ lunBytes, ...options[0] });
    servers.push(server);
    return server;
  };
  const open = async (url: string): Promise<Arbiter> => {
    const arbiter = await openArbiter(url, systemRandom);
    arbiters.push(arbiter);
    return arbiter;
  };
  const claim = async (url: string, holder: string): Promise<Disk> => {
    const disk = await openDisk(url, {
      readOnly: false,
      claim: true,
      holding: 'shared',
      holder,
      timeoutMs: 5000,
    });
    disks.push(disk);
    return disk;
  };
  afterEach(async () => {
    for (const arbiter of arbiters.splice(0)) arbiter.close();
    for (const disk of disks.splice(0)) disk.close();
    for (const server of servers.splice(0)) await server.stop();
  });

  it('serves both replicas while one of them holds the disk', async () => {
    const server = await start();
    const primary = await open(server.url());
    const disk = await claim(server.url(), 'a');
    await claimReservation(disk, { machineId: 'm', replicaId: 'a' }, systemRandom);
    const backup = await open(server.url());
    await primary.form(request);
    assert.equal(await backup.sees('m', 1n), true);
    assert.deepEqual(await backup.testAndSet({ ...request, replicaId: 'b' }), { kind: 'won' });
    assert.deepEqual(await primary.testAndSet(request), { kind: 'lost', winner: 'b' });
    const image = readFileSync(server.imagePath());
    assert.match(image.subarray(reservedAt + 512, reservedAt + 1024).toString(), /^\{"vmftFlag":1/);
  });

  it('remembers across the death of the target, and is unreachable meanwhile', async () => {
    const server = await start();
    const arbiter = await open(server.url());
    await arbiter.form(request);
    await arbiter.testAndSet(request);
    await server.kill();
    const patient = new PatientArbiter(arbiter, 'b', systemClock, 500);
    const attempt = (): Promise<ArbitrationResult> =>
      new Promise((resolve) => {
        patient.testAndSet('m', 1n, resolve);
      });
    assert.equal((await attempt()).kind, 'unreachable');
    assert.equal(await rejection(open(server.url())), 'arbiter-unreachable');
    await server.restart();
    assert.deepEqual(await eventually(attempt), { kind: 'lost', winner: 'a' });
  });

  it('is unreachable while the target stalls, and wins what it tried then', async () => {
    const server = await start();
    const arbiter = await open(server.url());
    await arbiter.form(request);
    server.stall();
    const patient = new PatientArbiter(arbiter, 'a', systemClock, 500);
    const attempt = (): Promise<ArbitrationResult> =>
      new Promise((resolve) => {
        patient.testAndSet('m', 1n, resolve);
      });
    assert.equal((await attempt()).kind, 'unreachable');
    assert.equal((await attempt()).kind, 'unreachable');
    server.resume();
    assert.deepEqual(await eventually(attempt), { kind: 'won' });
    const other = await open(server.url());
    const lost = { kind: 'lost', winner: 'a' };
    assert.deepEqual(await other.testAndSet({ ...request, replicaId: 'b' }), lost);
  });

  it('is refused at the start without COMPARE AND WRITE, and nothing is written', async () => {
    const server = await start({ compareAndWrite: false });
    await assert.rejects(open(server.url()), ({ code, message }: VmftError) => {
      assert.equal(code, 'arbiter-unusable');
      assert.match(message, /no COMPARE AND WRITE$/);
      return true;
    });
    assert.ok(readFileSync(server.imagePath()).every((byte) => byte === 0));
  });

  it('is refused where there is no such target or LUN, or without its password', async () => {
    const server = await start({ chap: { user: 'vmft', password: 'secret-secret' } });
    await (await open(server.urlWithChap())).form(request);
    assert.equal(
      (await open(server.urlWithChap())).url,
      server.urlWithChap('vmft', undefined).replace('%secret-secret', ''),
    );
    for (const url of [
      server.url(),
      server.urlWithChap('vmft', 'wrong-wrong-wrong'),
      server.urlWithChap().replace(/1$/, '7'),
      server.urlWithChap().replace('iqn.', 'iqn.x'),
    ]) {
      await assert.rejects(open(url), ({ code, message }: VmftError) => {
        assert.equal(code, 'arbiter-unusable', message);
        assert.ok(!/wrong-wrong|secret/.test(message), message);
        return true;
      });
    }
  });

  it('is shown and released by the commands', async () => {
    const server = await start();
    const url = server.url();
    const arbiter = await open(url);
    const disk = await claim(url, 'a');
    await claimReservation(disk, { machineId: 'm', replicaId: 'a' }, systemRandom);
    await arbiter.form(request);
    await arbiter.testAndSet({ ...request, replicaId: 'b' });
    const status = vmft(['status', '--arbiter', url, '--disk', url]);
    assert.equal(status.status, 0, status.stderr);
    assert.match(status.stdout, /machine m\n.*\n +1 +20.* a +.* b +/);
    assert.match(status.stdout, /compare and write +yes\n/);
    assert.match(status.stdout, /in use by machine m on/);

    const released = vmft(['disk', 'release', url]);
    assert.equal(released.status, 0, released.stderr);
    assert.match(released.stdout, /in use by machine m[\s\S]*won by replica b[\s\S]*released/);
    const next = await claim(url, 'next');
    assert.equal((await readReservation(next))?.state, 'free');
    await next.writeRange(0n, Buffer.alloc(4096, 1));
    // Whoever held it, and never noticed.
    assert.notEqual(await rejection(disk.writeRange(0n, Buffer.alloc(4096))), 'none');
    assert.equal((await next.readRange(0n, 4096))[0], 1);
    assert.equal(await rejection(arbiter.testAndSet(request)), 'arbiter-unusable');
  });
});

/** Asks again until there is an answer. */
async function eventually(attempt: () => Promise<ArbitrationResult>): Promise<ArbitrationResult> {
  const giveUpAtMs = Date.now() + 30_000;
  for (;;) {
    const result = await attempt();
    if (result.kind !== 'unreachable' || Date.now() > giveUpAtMs) return result;
    await sleep(100);
  }
}
