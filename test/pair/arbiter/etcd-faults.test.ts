/** etcd that loses members, answers, users and certificates. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { VmftError } from '../../../src/base/errors.js';
import { systemClock } from '../../../src/flow/world/system-clock.js';
import { systemRandom } from '../../../src/flow/world/system-random.js';
import type { Arbiter } from '../../../src/pair/arbiter/arbiter.js';
import { openArbiter } from '../../../src/pair/arbiter/open-arbiter.js';
import { PatientArbiter } from '../../../src/pair/arbiter/patient-arbiter.js';
import type { ArbitrationResult } from '../../../src/pair/role/role.js';
import { EtcdCluster, freePorts, noEtcd } from '../../storage/etcd.js';
import { rejection } from './conformance.js';

const request = { machineId: 'm', generation: 1n, replicaId: 'a' };
const arbiters: Arbiter[] = [];
const open = async (url: string): Promise<Arbiter> => {
  const arbiter = await openArbiter(url, systemRandom);
  arbiters.push(arbiter);
  return arbiter;
};
afterEach(() => {
  for (const arbiter of arbiters.splice(0)) arbiter.close();
});

async function eventually<T>(run: () => Promise<T>): Promise<T> {
  const giveUpAtMs = Date.now() + 30_000;
  for (;;) {
    try {
      return await run();
    } catch (error) {
      if (Date.now() > giveUpAtMs) throw error;
      await sleep(100);
    }
  }
}

describe('a cluster of three', { skip: noEtcd }, () => {
  let cluster: EtcdCluster;
  before(async () => {
    cluster = await EtcdCluster.start(3);
  });
  after(() => cluster.stop());

  for (const member of [0, 1, 2]) {
    it(`goes on without member ${member}, which may be the leader`, async () => {
      const arbiter = await open(cluster.url(`without${member}`));
      await arbiter.form(request);
      await cluster.killMember(member);
      assert.deepEqual(await eventually(() => arbiter.testAndSet(request)), { kind: 'won' });
      // Also for who comes only now.
      const late = await open(cluster.url(`without${member}`));
      const lost = { kind: 'lost', winner: 'a' };
      assert.deepEqual(await late.testAndSet({ ...request, replicaId: 'b' }), lost);
      cluster.startMember(member);
      await cluster.whenHealthy();
    });
  }

  it('does not wait for a member that hangs', async () => {
    const arbiter = await open(cluster.url('hanging'));
    await arbiter.form(request);
    cluster.freezeMember(0, true);
    try {
      await eventually(() => arbiter.testAndSet(request));
      const started = performance.now();
      for (let generation = 2n; generation <= 11n; generation += 1n) {
        await arbiter.testAndSet({ ...request, generation });
      }
      // Each would take 2 s if it waited.
      assert.ok(performance.now() - started < 10_000);
    } finally {
      cluster.freezeMember(0, false);
    }
  });

  it('is unreachable without a quorum, refused at a start, and is asked again until it is back', async () => {
    const url = cluster.url('quorum');
    const arbiter = await open(url);
    await arbiter.form(request);
    await cluster.killMember(0);
    await cluster.killMember(1);
    assert.equal(await rejection(arbiter.testAndSet(request)), 'arbiter-unreachable');
    assert.equal(await rejection(arbiter.sees('m', 1n)), 'arbiter-unreachable');
    assert.equal(await rejection(arbiter.read(null)), 'arbiter-unreachable');
    await assert.rejects(open(url), ({ code, message, whatToDo }: VmftError) => {
      assert.equal(code, 'arbiter-unreachable');
      assert.match(message, /^etcd at 127\.0\.0\.1:\d+: [^\n]+$/);
      assert.match(whatToDo, /majority/);
      return true;
    });

    const patient = new PatientArbiter(arbiter, 'a', systemClock, 500);
    const attempt = (): Promise<ArbitrationResult> =>
      new Promise((resolve) => {
        patient.testAndSet('m', 1n, resolve);
      });
    assert.equal((await attempt()).kind, 'unreachable');
    cluster.startMember(0);
    await eventually(async () => {
      assert.deepEqual(await attempt(), { kind: 'won' });
    });
    cluster.startMember(1);
    await cluster.whenHealthy();
    const other = await open(url);
    const lost = { kind: 'lost', winner: 'a' };
    assert.deepEqual(await other.testAndSet({ ...request, replicaId: 'b' }), lost);
  });

  it('shows many flags', async () => {
    const arbiter = await open(cluster.url('many'));
    const generations = [...Array(620).keys()].map((n) => BigInt(n + 1));
    for (let at = 0; at < generations.length; at += 62) {
      await Promise.all(
        generations
          .slice(at, at + 62)
          .map((generation) => arbiter.form({ ...request, generation })),
      );
    }
    await arbiter.form({ ...request, machineId: 'm-2' });
    const found = (await arbiter.read('m')).map(({ generation }) => generation);
    assert.deepEqual(
      found.sort((a, b) => Number(a - b)),
      generations,
    );
    assert.equal((await arbiter.read(null)).length, 621);
  });
});

describe('one member', { skip: noEtcd }, () => {
  let cluster: EtcdCluster;
  before(async () => {
    cluster = await EtcdCluster.start(1);
  });
  after(() => cluster.stop());

  it('remembers across its own crash', async () => {
    const arbiter = await open(cluster.url('crash'));
    await arbiter.form(request);
    await arbiter.testAndSet(request);
    await cluster.killMember(0);
    assert.equal(await rejection(arbiter.testAndSet(request)), 'arbiter-unreachable');
    cluster.startMember(0);
    const b = { ...request, replicaId: 'b' };
    const lost = { kind: 'lost', winner: 'a' };
    assert.deepEqual(await eventually(() => arbiter.testAndSet(b)), lost);
  });

  it('has given a flag whose answer was lost to who asks again', async () => {
    const relay = await Relay.start(cluster.clientPorts[0] ?? 0);
    try {
      const arbiter = await open(`etcd://127.0.0.1:${relay.port}/lost`);
      await arbiter.form(request);
      relay.swallowsAnswers = true;
      assert.equal(await rejection(arbiter.testAndSet(request)), 'arbiter-unreachable');
      relay.swallowsAnswers = false;
      // It was done, though nobody heard.
      const other = await open(cluster.url('lost'));
      const taken = (await other.read('m')).filter(({ kind }) => kind === 'taken');
      assert.deepEqual(
        taken.map(({ replicaId }) => replicaId),
        ['a'],
      );
      assert.equal((await other.testAndSet({ ...request, replicaId: 'b' })).kind, 'lost');
      // The connection that hung was given up.
      assert.deepEqual(await eventually(() => arbiter.testAndSet(request)), { kind: 'won' });
    } finally {
      await relay.stop();
    }
  });

  it('is refused beside a member of another cluster, at once or when that answers', async () => {
    const another = await EtcdCluster.start(1);
    try {
      const ports = [...cluster.clientPorts, ...another.clientPorts];
      const url = `etcd://${ports.map((port) => `127.0.0.1:${port}`).join(',')}/two`;
      const refused = { code: 'arbiter-unusable', message: /members of different etcd clusters/ };
      await assert.rejects(open(url), refused);
      await another.killMember(0);
      const arbiter = await open(url);
      await arbiter.form(request);
      another.startMember(0);
      await another.whenHealthy();
      await eventually(async () => {
        await assert.rejects(arbiter.testAndSet(request), refused);
      });
      await assert.rejects(arbiter.testAndSet(request), refused);
    } finally {
      await another.stop();
    }
  });

  it('may be missing: one line, and nothing hangs', async () => {
    const [port = 0] = await freePorts(1);
    await assert.rejects(open(`etcd://127.0.0.1:${port}`), ({ code, message }: VmftError) => {
      assert.equal(code, 'arbiter-unreachable');
      assert.match(message, /^etcd at 127\.0\.0\.1:\d+: connect ECONNREFUSED [^\n]+$/);
      return true;
    });
  });

  it('may be something else that answers', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined).resume();
      socket.end('HTTP/1.0 404 not found\r\n\r\n');
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as AddressInfo;
    assert.equal(await rejection(open(`etcd://127.0.0.1:${port}`)), 'arbiter-unreachable');
    await new Promise((closed) => server.close(closed));
  });
});

describe('etcd’s users', { skip: noEtcd }, () => {
  let cluster: EtcdCluster;
  let hosts = '';
  before(async () => {
    cluster = await EtcdCluster.start(1);
    hosts = `127.0.0.1:${cluster.clientPorts[0] ?? 0}`;
    for (const words of [
      ['user', 'add', 'root:r'],
      ['user', 'grant-role', 'root', 'root'],
      ['role', 'add', 'vmft'],
      ['role', 'grant-permission', 'vmft', 'readwrite', '/vmft/', '--prefix=true'],
      ['user', 'add', 'vm:s3 cret/@'],
      ['user', 'grant-role', 'vm', 'vmft'],
      ['auth', 'enable'],
    ])
      cluster.control(words);
  });
  after(() => cluster.stop());
  afterEach(() => {
    delete process.env['VMFT_ETCD_PASSWORD'];
  });

  it('may come in the URL or the environment; the password is not shown', async () => {
    const arbiter = await open(`etcd://vm:s3%20cret%2F%40@${hosts}`);
    await arbiter.form(request);
    assert.equal(arbiter.url, `etcd://vm@${hosts}`);
    process.env['VMFT_ETCD_PASSWORD'] = 's3 cret/@';
    const other = await open(`etcd://vm@${hosts}`);
    assert.equal(await other.sees('m', 1n), true);
    const folder = mkdtempSync(join(tmpdir(), 'vmft-etcd-'));
    writeFileSync(join(folder, 'password'), 's3 cret/@\n');
    await open(`etcd://vm@${hosts}?password-file=${join(folder, 'password')}`);
    rmSync(folder, { recursive: true });
  });

  it('log in again when their token is gone', async () => {
    const arbiter = await open(`etcd://vm:s3%20cret%2F%40@${hosts}`);
    await arbiter.sees('m', 1n);
    await cluster.killMember(0);
    cluster.startMember(0);
    assert.equal(await eventually(() => arbiter.sees('m', 7n)), false);
  });

  for (const [what, userinfo, path, says] of [
    ['no user', '', '', /user name is empty|permission denied/],
    ['a wrong password', 'vm:wrong@', '', /authentication failed/],
    ['a user without the right', 'vm:s3%20cret%2F%40@', '/elsewhere', /permission denied/],
  ] as const) {
    it(`refuses ${what} at once`, async () => {
      await assert.rejects(
        open(`etcd://${userinfo}${hosts}${path}`),
        ({ code, message }: VmftError) => {
          assert.equal(code, 'arbiter-unusable');
          assert.match(message, says);
          assert.ok(!message.includes('wrong'));
          return true;
        },
      );
    });
  }

  it('need a password', async () => {
    assert.equal(await rejection(open(`etcd://vm@${hosts}`)), 'usage');
  });
});

const noOpenssl = spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not here';

describe('etcd with TLS', { skip: noEtcd || noOpenssl }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'vmft-etcd-tls-'));
  const file = (name: string): string => join(folder, name);
  const openssl = (words: string[]): void => {
    execFileSync('openssl', words, { stdio: 'ignore' });
  };
  let cluster: EtcdCluster;
  let hosts = '';

  const authority = (name: string): void => {
    const out = ['-keyout', file(`${name}.key`), '-out', file(`${name}.crt`)];
    openssl([
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${name}`],
      ...out,
    ]);
  };

  before(async () => {
    authority('ours');
    authority('theirs');
    writeFileSync(file('ext'), 'subjectAltName=IP:127.0.0.1\n');
    openssl([
      ...['req', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=host'],
      ...['-keyout', file('host.key'), '-out', file('host.csr')],
    ]);
    openssl([
      ...['x509', '-req', '-in', file('host.csr'), '-CA', file('ours.crt'), '-days', '2'],
      ...['-CAkey', file('ours.key'), '-CAcreateserial', '-extfile', file('ext')],
      ...['-out', file('host.crt')],
    ]);
    cluster = await EtcdCluster.start(1, {
      authority: file('ours.crt'),
      certificate: file('host.crt'),
      key: file('host.key'),
    });
    hosts = `127.0.0.1:${cluster.clientPorts[0] ?? 0}`;
  });
  after(async () => {
    await cluster.stop();
    rmSync(folder, { recursive: true });
  });

  it('is spoken to with certificates, from the URL or the environment', async () => {
    const pair = `cert=${file('host.crt')}&key=${file('host.key')}`;
    const arbiter = await open(`etcd://${hosts}?ca=${file('ours.crt')}&${pair}`);
    await arbiter.form(request);
    process.env['VMFT_ETCD_CA'] = file('ours.crt');
    process.env['VMFT_ETCD_CERT'] = file('host.crt');
    process.env['VMFT_ETCD_KEY'] = file('host.key');
    try {
      assert.equal(await (await open(`etcd://${hosts}`)).sees('m', 1n), true);
    } finally {
      for (const name of ['CA', 'CERT', 'KEY']) delete process.env[`VMFT_ETCD_${name}`];
    }
  });

  it('is not trusted by another authority, nor used without TLS', async () => {
    const pair = `cert=${file('host.crt')}&key=${file('host.key')}`;
    for (const query of [`?ca=${file('theirs.crt')}&${pair}`, `?ca=${file('ours.crt')}`, '']) {
      assert.equal(await rejection(open(`etcd://${hosts}${query}`)), 'arbiter-unreachable');
    }
  });

  it('needs files that can be read and used', async () => {
    for (const [query, code] of [
      [`?ca=${file('absent')}`, 'tls-unusable'],
      [`?ca=${file('ours.crt')}&cert=${file('host.crt')}`, 'usage'],
      [`?cert=${file('ext')}&key=${file('ext')}`, 'tls-unusable'],
      ['?frob=1', 'usage'],
    ] as const) {
      assert.equal(await rejection(open(`etcd://${hosts}${query}`)), code, query);
    }
  });
});

/** Passes bytes on to etcd, and back unless told to swallow them. */
class Relay {
  swallowsAnswers = false;
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  static async start(towards: number): Promise<Relay> {
    const server = createServer((near) => {
      const far = connect(towards, '127.0.0.1');
      for (const socket of [near, far]) {
        relay.sockets.add(socket);
        socket.on('error', () => undefined);
      }
      near.on('data', (bytes: Buffer) => far.write(bytes));
      // What was swallowed cannot be made up for: this connection says nothing any more.
      let silent = false;
      far.on('data', (bytes: Buffer) => {
        silent ||= relay.swallowsAnswers;
        if (!silent) near.write(bytes);
      });
      near.on('close', () => far.destroy());
      far.on('close', () => near.destroy());
    });
    const relay = new Relay(server);
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    return relay;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((closed) => this.server.close(closed));
  }
}
