import assert from 'node:assert/strict';
import { Server } from '@grpc/grpc-js';
import { X509Certificate } from 'node:crypto';
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { connect } from 'node:tls';

import { systemRandom } from '../../../src/flow/world/system-random.js';
import { openArbiter } from '../../../src/pair/arbiter/open-arbiter.js';
import { serverCredentials, type TlsFiles } from '../../../src/pair/channel/tls.js';
import { joinAsBackup } from '../../../src/pair/session/join-as-backup.js';
import { runPrimary } from '../../../src/pair/session/run-primary.js';
import { ClusterFiles, host, operator } from '../../host/security/cluster-files.js';
import { exampleGuest } from '../../flow/log/example-guest.js';
import { InProcess } from './in-process.js';

describe('mutual TLS', () => {
  const files = new ClusterFiles();
  after(() => {
    files.remove();
  });

  async function tryJoin(primaryTls: TlsFiles, backupTls: TlsFiles | null): Promise<string> {
    const one = new InProcess();
    const two = new InProcess();
    const arbiter = await openArbiter(`file:${join(files.folder, 'flags')}`, systemRandom);
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
    const primary = await files.issue('ours', host('a'));
    assert.equal(await tryJoin(primary, await files.issue('ours', host('b'))), 'formed');
    assert.equal(await tryJoin(primary, null), 'peer-unreachable');
    const stranger = await files.issue('theirs', host('b'));
    assert.equal(await tryJoin(primary, stranger), 'peer-unreachable');
  });

  it('lets no operator join: a backup gets the whole guest', async () => {
    const primary = await files.issue('ours', host('a'));
    assert.equal(await tryJoin(primary, await files.issue('ours', operator('ann'))), 'not-allowed');
  });

  it('goes on with a certificate that was replaced while a replica runs', async () => {
    const first = await files.issue('ours', host('a'));
    const second = await files.issue('ours', host('a'));
    const server = new Server();
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', serverCredentials(first, 20), (error, bound) => {
        if (error === null) resolve(bound);
        else reject(error);
      });
    });
    const shown = (): Promise<string> => shownBy(port, first.authorityFile);
    const serialOf = ({ certificateFile }: TlsFiles): string =>
      new X509Certificate(readFileSync(certificateFile)).serialNumber;
    const [before, after] = [serialOf(first), serialOf(second)];
    assert.equal(await shown(), before);
    copyFileSync(second.keyFile, first.keyFile);
    await new Promise((resolve) => setTimeout(resolve, 60));
    // A key without its certificate: not yet.
    assert.equal(await shown(), before);
    copyFileSync(second.certificateFile, first.certificateFile);
    for (let tries = 0; tries < 100 && (await shown()) !== after; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.equal(await shown(), after);
    server.forceShutdown();
  });
});

/** The serial number of the certificate that a server shows. */
function shownBy(port: number, authorityFile: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(
      { host: '127.0.0.1', port, ca: readFileSync(authorityFile), ALPNProtocols: ['h2'] },
      () => {
        resolve(socket.getPeerCertificate().serialNumber);
        socket.destroy();
      },
    );
    socket.on('error', reject);
  });
}
