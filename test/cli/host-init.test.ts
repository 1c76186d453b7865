import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { exitStatusByCode } from '../../src/base/errors.js';
import { readHostConfig } from '../../src/host/config.js';
import { holderOf } from '../../src/pair/channel/certificate.js';
import { readOwnCertificate } from '../../src/pair/channel/own-certificate.js';
import { systemdUnit } from '../../src/host/setup/systemd-unit.js';
import { vmft, type Outcome } from './vmft.js';

let folder = '';
const init = (...words: string[]): Outcome => vmft(['host', 'init', ...words]);
const within = (...names: string[]): string => join(folder, 'cluster', ...names);
const initHere = (...words: string[]): Outcome => init('--dir', within(), ...words);

describe('vmft host init', () => {
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'vmft-init-'));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it('makes an authority and all that a host needs', () => {
    const words = ['--host', 'a', '--address', '10.0.1.1,a.example.net,fd00::1'];
    const more = ['--peer', 'b=10.0.1.2', '--arbiter', 'file:/mnt/flags', '--cluster', 'lab'];
    const made = initHere(...words, ...more);
    assert.equal(made.status, 0, made.stderr);
    assert.match(made.stdout, /scp -p \S+\/cluster\/a\/\* root@10\.0\.1\.1:\/etc\/vmft\//);
    for (const key of [within('ca.key'), within('a', 'key.pem')]) {
      assert.equal(statSync(key).mode & 0o777, 0o600);
    }
    const config = readHostConfig(within('a', 'host.toml'));
    assert.equal(config.name, 'a');
    assert.deepEqual(config.listen, { host: '10.0.1.1', port: 7400 });
    assert.equal(config.arbiter, 'file:/mnt/flags');
    assert.deepEqual(config.peers, [{ name: 'b', address: { host: '10.0.1.2', port: 7400 } }]);
    assert.ok(config.tls);
    const own = readOwnCertificate(config.tls);
    assert.deepEqual(own.holder, { kind: 'host', name: 'a' });
    const certificate = new X509Certificate(own.certificate);
    assert.match(certificate.issuer, /^CN=vmft cluster lab$/m);
    assert.equal(certificate.checkHost('a.example.net'), 'a.example.net');
    assert.equal(certificate.checkIP('10.0.1.1'), '10.0.1.1');
    assert.equal(certificate.checkIP('fd00::1'), 'fd00::1');
    const days = (new Date(certificate.validTo).getTime() - Date.now()) / 86_400_000;
    assert.ok(days > 824 && days <= 825, `${days} days`);
    const unit = readFileSync(within('vmft-host.service'), 'utf8');
    assert.match(unit, /^ExecStart=\/\S+ \/\S+\/main\.js host$/m);
    assert.match(unit, /^KillMode=process$/m);
  });

  it('adds hosts and operators, and says what the earlier ones need', () => {
    const words = ['--host', 'b', '--address', '10.0.1.2:7500', '--operator', 'ann'];
    const made = initHere(...words, '--days', '30');
    assert.equal(made.status, 0, made.stderr);
    assert.match(
      made.stdout,
      /host\.toml of a needs this[^]*name = "b"\n *address = "10\.0\.1\.2:7500"/,
    );
    const { peers } = readHostConfig(within('b', 'host.toml'));
    assert.deepEqual(peers, [{ name: 'a', address: { host: '10.0.1.1', port: 7400 } }]);
    const pem = readFileSync(within('operator-ann', 'cert.pem'));
    assert.deepEqual(holderOf(new X509Certificate(pem)), { kind: 'operator', name: 'ann' });
    assert.ok(!existsSync(within('operator-ann', 'host.toml')));
  });

  it('writes over nothing', () => {
    const before = ['ca.pem', 'ca.key', 'a/key.pem', 'a/cert.pem'].map((name) =>
      readFileSync(within(name), 'utf8'),
    );
    const again = initHere('--host', 'a', '--address', '10.0.1.1');
    assert.equal(again.status, exitStatusByCode.usage);
    assert.match(
      again.stderr,
      /^vmft: \S+\/cluster\/a is there already, and nothing is written over/,
    );
    const now = ['ca.pem', 'ca.key', 'a/key.pem', 'a/cert.pem'].map((name) =>
      readFileSync(within(name), 'utf8'),
    );
    assert.deepEqual(now, before);
  });

  it('refuses in one line what cannot be', () => {
    const half = join(folder, 'half');
    writeFileSync(join(folder, 'file'), '');
    init('--dir', half);
    rmSync(join(half, 'ca.key'));
    const cases: readonly (readonly [Outcome, RegExp, number])[] = [
      [initHere(), /there is nothing to make/, exitStatusByCode.usage],
      [initHere('--host', 'c'), /give --host and --address/, exitStatusByCode.usage],
      [initHere('--host', '../c', '--address', '10.0.1.3'), /Use letters/, exitStatusByCode.usage],
      [
        initHere('--host', 'c', '--address', 'c.example.net'),
        /the first address of host c is not an IP address/,
        exitStatusByCode.usage,
      ],
      [initHere('--cluster', 'other'), /is the authority of cluster lab/, exitStatusByCode.usage],
      [init('--dir', half), /cannot read \S+ca\.key \(ENOENT\)/, exitStatusByCode['tls-unusable']],
      [init('--dir', join(folder, 'file', 'x')), /cannot write/, exitStatusByCode.usage],
    ];
    for (const [{ status, stderr }, says, expected] of cases) {
      assert.match(stderr, says);
      assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
      assert.equal(status, expected, stderr);
    }
  });
});

describe('the systemd unit', () => {
  it('writes paths as systemd reads them', () => {
    const unit = systemdUnit(['/opt/node', '/srv/my vmft/50%/$x/main.js']);
    assert.match(unit, /^ExecStart=\/opt\/node "\/srv\/my vmft\/50%%\/\$\$x\/main\.js" host$/m);
  });
});
