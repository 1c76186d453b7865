import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { systemRandom } from '../../../src/flow/world/system-random.js';
import { openArbiter } from '../../../src/pair/arbiter/open-arbiter.js';
import type { TlsFiles } from '../../../src/pair/channel/tls.js';
import { joinAsBackup } from '../../../src/pair/session/join-as-backup.js';
import { runPrimary } from '../../../src/pair/session/run-primary.js';
import { exampleGuest } from '../../flow/log/example-guest.js';
import { InProcess } from './in-process.js';

const openssl = spawnSync('openssl', ['version']).status === 0;
let directory = '';

/** A key and a certificate for 127.0.0.1, vouched for by the authority of that name. */
function issue(name: string, authority: string): TlsFiles {
  const file = (end: string): string => join(directory, `${name}.${end}`);
  const run = (...words: string[]): void => {
    execFileSync('openssl', words, { stdio: 'ignore' });
  };
  const authorityFile = join(directory, `${authority}.crt`);
  writeFileSync(file('ext'), 'subjectAltName=IP:127.0.0.1\n');
  run(
    'req',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    file('key'),
    '-out',
    file('csr'),
    '-subj',
    '/CN=x',
  );
  run(
    ...['x509', '-req', '-in', file('csr'), '-CA', authorityFile, '-days', '2'],
    ...['-CAkey', join(directory, `${authority}.key`), '-CAcreateserial'],
    ...['-extfile', file('ext'), '-out', file('crt')],
  );
  return { keyFile: file('key'), certificateFile: file('crt'), authorityFile };
}

function authority(name: string): void {
  const key = ['-newkey', 'rsa:2048', '-nodes', '-keyout', join(directory, `${name}.key`)];
  const out = ['-out', join(directory, `${name}.crt`), '-days', '2', '-subj', `/CN=${name}`];
  execFileSync('openssl', ['req', '-x509', ...key, ...out], { stdio: 'ignore' });
}

describe('mutual TLS', { skip: !openssl && 'openssl is not here' }, () => {
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'vmft-tls-'));
    authority('ours');
    authority('theirs');
  });
  after(() => {
    rmSync(directory, { recursive: true });
  });

  async function tryJoin(primaryTls: TlsFiles, backupTls: TlsFiles | null): Promise<string> {
    const one = new InProcess();
    const two = new InProcess();
    const arbiter = await openArbiter(`file:${join(directory, 'flags')}`, systemRandom);
    const listen = { host: '127.0.0.1', port: 0 };
    const guest = exampleGuest;
    const primary = await runPrimary({
      ...one.options,
      guest,
      listen,
      arbiter,
      recordTo: null,
      tls: primaryTls,
    });
    const backup = await joinAsBackup({
      ...two.options,
      primary: primary.status().listening ?? listen,
      arbiter,
      memoryBytesMax: null,
      listen: null,
      tls: backupTls,
    });
    const formed = two.until('formed').then(() => 'formed');
    formed.catch(() => undefined);
    const outcome = await Promise.race([formed, backup.ended.then((end) => end.reason)]);
    backup.stop('the test is over');
    primary.stop('the test is over');
    await Promise.all([backup.ended, primary.ended]);
    one.close();
    two.close();
    return outcome;
  }

  it('joins two hosts that trust each other, and nobody else', async () => {
    const primary = issue('primary', 'ours');
    assert.equal(await tryJoin(primary, issue('backup', 'ours')), 'formed');
    assert.equal(await tryJoin(primary, null), 'peer-unreachable');
    const stranger = { ...issue('stranger', 'theirs'), authorityFile: primary.authorityFile };
    assert.equal(await tryJoin(primary, stranger), 'peer-unreachable');
    const mistrusting = { ...issue('other', 'ours'), authorityFile: join(directory, 'theirs.crt') };
    assert.equal(await tryJoin(primary, mistrusting), 'peer-unreachable');
  });
});
