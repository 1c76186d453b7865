import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';

import { exitStatusByCode, type ErrorCode } from '../../src/base/errors.js';
import type { Disk } from '../../src/flow/world/disk.js';
import { claimReservation } from '../../src/flow/world/disk-reservation.js';
import { openDisk } from '../../src/flow/world/open-disk.js';
import { systemRandom } from '../../src/flow/world/system-random.js';
import { openArbiter } from '../../src/pair/arbiter/open-arbiter.js';
import { vmft } from './vmft.js';

let folder = '';
const file = (name: string): string => join(folder, name);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vmft-cli-disk-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function ok(...words: string[]): string {
  const { status, stdout, stderr } = vmft(words);
  assert.deepEqual([status, stderr], [0, '']);
  return stdout;
}

/** One line, and the status of the code. */
function refused(code: ErrorCode, says: RegExp, ...words: string[]): void {
  const { status, stdout, stderr } = vmft(words);
  assert.equal(status, exitStatusByCode[code], stderr);
  assert.match(stderr, says);
  assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
  assert.equal(stdout, '');
}

const claimed = (path: string): Promise<Disk> =>
  openDisk(path, {
    readOnly: false,
    claim: true,
    holding: 'shared',
    holder: 'test',
    timeoutMs: 1000,
  });

describe('vmft disk', () => {
  test('makes a sparse file, and never over another', () => {
    ok('disk', 'create', file('a.img'), '1G');
    const { size, blocks } = statSync(file('a.img'));
    assert.deepEqual([size, blocks], [2 ** 30 + 2 ** 20, 0]);
    writeFileSync(file('b.img'), 'mine');
    refused('disk-unusable', /exists/, 'disk', 'create', file('b.img'), '1G');
    assert.equal(statSync(file('b.img')).size, 4);
    refused('disk-unusable', /ENOENT/, 'disk', 'create', file('no/b.img'), '1G');
    for (const size of ['12', '0G', '1K', '5X', '1.5G', '99999999T']) {
      refused('usage', /512M, 20G or 1T/, 'disk', 'create', file('c.img'), size);
    }
    assert.deepEqual(readdirSync(folder).sort(), ['a.img', 'b.img']);
  });

  test('shows who uses a disk, and releases it once nobody does', async () => {
    ok('disk', 'create', file('a.img'), '8M');
    assert.match(ok('disk', 'show', file('a.img')), /8,388,608 bytes.*\n.*never used by vmft/);
    const disk = await claimed(file('a.img'));
    const { uuid } = await claimReservation(
      disk,
      { machineId: 'vm1', replicaId: 'r' },
      systemRandom,
    );
    assert.match(ok('disk', 'show', file('a.img')), /in use by machine vm1 on .* since 20/);
    refused('disk-in-use', /a\.img is in use/, 'disk', 'release', file('a.img'));
    const inUse = JSON.parse(ok('disk', 'show', '--json', file('a.img'))) as object;
    assert.match(JSON.stringify(inUse), /"state":"in-use","machineId":"vm1"/);
    disk.close();
    assert.match(
      ok('disk', 'release', file('a.img')),
      /in use by machine vm1 on .* since 20[\s\S]*\nreleased: free, and without a flag\n$/,
    );
    const after = ok('disk', 'show', file('a.img'));
    assert.match(after, /reservation +free\n/);
    assert.ok(after.includes(uuid));
  });

  test('refuses what is no disk of vmft, and writes nothing', () => {
    refused('disk-unusable', /absent/, 'disk', 'show', file('absent'));
    refused('disk-unusable', /neither a file nor a block device/, 'disk', 'release', folder);
    writeFileSync(file('full.img'), Buffer.alloc(4 * 2 ** 20, 7));
    refused('disk-unusable', /full\.img/, 'disk', 'release', file('full.img'));
    writeFileSync(file('small.img'), '');
    truncateSync(file('small.img'), 2 ** 20);
    refused('disk-unusable', /small\.img/, 'disk', 'show', file('small.img'));
    refused('usage', /frob/, 'disk', 'frob');
  });
});

describe('vmft status', () => {
  test('says so when there is nothing', () => {
    assert.match(ok('status', '--arbiter', `file:${folder}`), /knows no machine: no pair/);
    const one = ok('status', '--arbiter', `file:${folder}`, '--machine-id', 'vm9');
    assert.match(one, /knows no machine vm9: no pair/);
    const json: unknown = JSON.parse(ok('status', '--json', '--arbiter', `file:${folder}`));
    assert.deepEqual(json, { arbiter: `file:${folder}`, machines: [], disk: null });
  });

  test('shows generations, winners, hosts and times, and a disk', async () => {
    const arbiter = await openArbiter(`file:${folder}`, systemRandom);
    const request = { machineId: 'vm1', generation: 2n, replicaId: 'aaaaaaaabb' };
    for (const generation of [10n, 2n]) await arbiter.form({ ...request, generation });
    await arbiter.testAndSet({ ...request, replicaId: 'ccccccccdd' });
    await arbiter.form({ ...request, machineId: 'vm2', generation: 1n });
    const text = ok('status', '--arbiter', `file:${folder}`);
    assert.match(
      text,
      /^machine vm1\n.*generation.*\n +2 +20\S+ +aaaaaaaa +\S+ +20\S+ +cccccccc +\S+\n +10 +20.*nobody had to\nmachine vm2\n/,
    );
    const only = ok('status', '--arbiter', `file:${folder}`, '--machine-id', 'vm2');
    assert.ok(!only.includes('vm1'));

    ok('disk', 'create', file('a.img'), '8M');
    const both = ['status', '--arbiter', `file:${folder}`, '--disk', file('a.img')];
    assert.match(ok(...both), /vm2[\s\S]*never used by vmft/);
    const json = JSON.parse(ok(...both, '--json')) as {
      machines: { generations: { taken: { replicaId: string } | null }[] }[];
      disk: { capacityBytes: number };
    };
    assert.equal(json.machines[0]?.generations[0]?.taken?.replicaId, 'ccccccccdd');
    assert.equal(json.disk.capacityBytes, 8 * 2 ** 20);
  });

  test('refuses what it cannot read, in one line', () => {
    const socket = file('absent.sock');
    refused('host-unreachable', /no vmft host serves/, 'status', '--socket', socket);
    refused('usage', /does not name an arbiter/, 'status', '--arbiter', 'nfs://x');
    refused('arbiter-unusable', /ENOENT/, 'status', '--arbiter', `file:${file('absent')}`);
    writeFileSync(file('m.1.formed'), 'rubbish');
    refused('arbiter-unusable', /not a flag/, 'status', '--arbiter', `file:${folder}`);
    refused('arbiter-unreachable', /REFUSED/, 'status', '--arbiter', 'etcd://127.0.0.1:1');
    refused('usage', /etcd/, 'status', '--arbiter', 'etcd://x:y');
    assert.deepEqual(readdirSync(folder), ['m.1.formed']);
  });
});
