import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { exitStatusByCode, VmftError } from '../../../src/base/errors.js';
import { ClusterFiles, host, operator } from '../../host/security/cluster-files.js';
import { FakeHost, hostDescription, tlsTable } from './fake-host.js';
import { Daemons, freePort } from './two-daemons.js';

/**
 * What an operator may do wrong, at daemons as they run: each is refused in one line with the reason, and the
 * guest does not notice.
 */
describe('daemons refuse', () => {
  const files = new ClusterFiles();
  const daemons = new Daemons();
  const machines = ['web', 'twin'];
  const old = new FakeHost();
  let ports: readonly number[] = [];

  before(async () => {
    ports = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
    const [a = 0, b = 0, c = 0, d = 0] = ports;
    const at = (
      name: string,
      port: number,
    ): { name: string; address: { host: string; port: number } } => ({
      name,
      address: { host: '127.0.0.1', port },
    });
    await Promise.all([
      daemons.start({
        name: 'a',
        port: a,
        tls: await files.issue('ours', host('a')),
        peers: [at('b', b), at('c', c), at('d', d)],
      }),
      // Room for a machine of 32 MiB.
      daemons.start({
        name: 'b',
        port: b,
        tls: await files.issue('ours', host('b')),
        peers: [at('a', a), at('c', c)],
        lines: ['memory = "48M"'],
      }),
      // Of another cluster by mistake.
      daemons.start({
        name: 'c',
        port: c,
        tls: await files.issue('theirs', host('c')),
        peers: [at('a', a), at('b', b)],
      }),
    ]);
    const table = tlsTable(await files.issue('ours', host('d')));
    await old.open(d, table, 'd');
    old.script.describe = () => hostDescription({ name: 'd', vmft: '0.0.9 (of old)' });
    const outcomes = await Promise.all(
      machines.map((machine) => {
        const words = ['start', machine, 'echo', '--memory', machine === 'web' ? '64M' : '32M'];
        return daemons.run('a', ...words, '--no-protect');
      }),
    );
    for (const { status, stderr } of outcomes) assert.equal(status, 0, stderr);
    await daemons.until(async () => {
      const { machines: known } = await daemons.status('a', true);
      return known.every(({ state }) => state === 'unprotected') && known.length === 2;
    });
  });
  after(async () => {
    await daemons.end(machines);
    old.remove();
    files.remove();
  });

  async function stateOf(name: string): Promise<string> {
    const { machines: known } = await daemons.status('a');
    return known.find((each) => each.name === name)?.state ?? 'unknown';
  }

  it('a target host with too little memory', async () => {
    const { status, stdout, stderr } = await daemons.run('a', 'protect', 'web', '--on', 'b');
    assert.match(stderr, /^vmft: .*: b has 48 MiB left for guests, and the machine takes 64 MiB/);
    assert.ok(
      status === exitStatusByCode['no-host'] || status === exitStatusByCode['host-refused'],
      stderr,
    );
    assert.equal(stdout, '');
    assert.equal(await stateOf('web'), 'unprotected');
  });

  it('a host with a certificate of another cluster, and says which and why', async () => {
    const { hosts } = await daemons.status('a');
    const c = hosts.find(({ name }) => name === 'c');
    assert.match(
      c?.unreachable ?? '',
      /certificate of the host at 127\.0\.0\.1:\d+ is not of this cluster’s authority/,
    );
    const { status, stderr } = await daemons.run('a', 'protect', 'web', '--on', 'c');
    assert.notEqual(status, 0);
    assert.match(stderr, /^vmft: .*\bc\b.*not of this cluster’s authority/m);
    assert.equal(await stateOf('web'), 'unprotected');
  });

  it('a host with another version of vmft', async () => {
    const { status, stderr } = await daemons.run('a', 'protect', 'web', '--on', 'd');
    assert.notEqual(status, 0);
    assert.match(stderr, /^vmft: .*\bd\b.*0\.0\.9 \(of old\)/);
    assert.ok(
      old.asked.every(({ method }) => method === 'describe'),
      JSON.stringify(old.asked),
    );
    assert.equal(await stateOf('web'), 'unprotected');
  });

  it('a host with another CPU, and the guest stays as it is', async () => {
    const { hosts } = await daemons.status('a', true);
    old.script.describe = () => hostDescription({ name: 'd', vmft: hosts[0]?.vmft ?? '' });
    old.script.startBackup = () =>
      Promise.reject(
        new VmftError(
          'accelerator-unavailable',
          'this host’s CPU has no sse4a',
          'use --accel soft',
        ),
      );
    const { status, stdout, stderr } = await daemons.run('a', 'protect', 'web', '--on', 'd');
    assert.notEqual(status, 0);
    assert.match(stderr, /^vmft: .*\bd\b.*this host’s CPU has no sse4a/m);
    assert.equal(stdout, '');
    assert.ok(old.asked.some(({ method }) => method === 'startBackup'));
    assert.equal(await stateOf('web'), 'unprotected');
  });

  it('an operator without a certificate of the cluster', async () => {
    const { keyFile, certificateFile } = await files.issue('theirs', operator('eve'));
    const { authorityFile } = await files.issue('ours', operator('ann'));
    const tls = ['--tls-key', keyFile, '--tls-cert', certificateFile, '--tls-ca', authorityFile];
    const words = ['stop', 'web', '--hard', '--host', `127.0.0.1:${ports[0]}`];
    const { status, stderr } = await daemons.run('a', ...words, ...tls);
    assert.equal(status, exitStatusByCode['tls-unusable'], stderr);
    assert.match(stderr, /is not of the authority/);
    assert.equal(await stateOf('web'), 'unprotected');
  });

  it('a host and a machine that nobody knows, and a second machine of the name', async () => {
    const [nowhere, nobody, twice] = await Promise.all([
      daemons.run('a', 'protect', 'web', '--on', 'd'),
      daemons.run('b', 'failover', 'nosuch'),
      daemons.run('a', 'start', 'web', 'echo'),
    ]);
    assert.match(nowhere.stderr, /^vmft: .*\bd\b/m);
    assert.equal(nobody.status, exitStatusByCode['machine-unknown'], nobody.stderr);
    assert.equal(twice.status, exitStatusByCode['machine-exists'], twice.stderr);
    assert.equal(await stateOf('web'), 'unprotected');
  });

  it('a second operator’s command while the first one’s is under way', async () => {
    const both = await Promise.all([
      daemons.run('a', 'protect', 'twin', '--on', 'b'),
      daemons.run('b', 'protect', 'twin', '--on', 'b'),
    ]);
    const done = both.filter(({ status }) => status === 0);
    const refused = both.filter(({ status }) => status === exitStatusByCode['machine-busy']);
    // The second may also have come when the first was done, and found it protected.
    assert.ok(done.length >= 1, JSON.stringify(both));
    assert.equal(done.length + refused.length, 2, JSON.stringify(both));
    for (const { stderr } of refused) {
      assert.match(
        stderr,
        /another operation has machine twin: protect, asked for by the operator on host [ab]/,
      );
    }
    assert.equal(await stateOf('twin'), 'protected');
  });
});
