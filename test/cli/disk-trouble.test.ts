import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { TgtServer, whyNoTgt } from '../storage/tgt.js';
import { TypedReplica } from './typed-replica.js';

/** The stock kernel on a LUN whose target goes away for a while. */
void describe('a disk whose target goes away', { skip: whyNoTgt() }, () => {
  let target: TgtServer;
  let host: TypedReplica;

  before(async () => {
    target = await TgtServer.start();
    host = new TypedReplica(['run', 'debian', '--disk', target.url()], 120_000);
    await host.shows('console', /\/ # /);
    await host.shell('dd if=/dev/urandom of=/data bs=64k count=4');
  });
  after(async () => {
    host.kill();
    await host.ended();
    await target.stop();
  });

  const awayAndBack: readonly (readonly [string, () => void, () => unknown])[] = [
    ['stalls', () => target.stall(), () => target.resume()],
    ['dies', () => void target.kill(), () => target.restart()],
  ];
  for (const [what, away, back] of awayAndBack) {
    void test(`that ${what}: one line says so, the guest waits, and goes on by itself`, async () => {
      host.notices = '';
      away();
      const written = host.shell('dd if=/data of=/dev/vda bs=64k conv=fsync');
      await host.shows('notices', /disk 0 \(iscsi:.*\) waits: ./);
      await back();
      await host.shows('notices', /disk 0 \(iscsi:.*\) goes on after \d+ s/);
      assert.match(await written, /4\+0 records out/);
      assert.doesNotMatch(host.console, /error/i);
    });
  }
});
