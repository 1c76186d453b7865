import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, describe, test } from 'node:test';

import { mainScript } from '../../src/cli/project-paths.js';

const image = fileURLToPath(new URL('../../../.cache/images/debian-root.img', import.meta.url));
const services = ['postgresql', 'redis', 'nginx', 'counter'];
const bootMsMax = 120_000;

/** Run in the guest by one boot: prints lines that only work that was done can print. */
const work = [
  'psql -qAt -h 127.0.0.1 -U vmft vmft <<END',
  'CREATE TABLE account (id int PRIMARY KEY, balance int);',
  'BEGIN; INSERT INTO account SELECT n, 7 * n FROM generate_series(1, 600) n; COMMIT;',
  "SELECT 'total ' || sum(balance) FROM account;",
  'END',
  'redis-cli SET greeting hello',
  'busybox wget -qO- http://127.0.0.1/ | grep -c "two hosts"',
  'fio --name=f --filename=/root/f --size=2M --rw=randwrite --bs=4k --fsync=8 --verify=crc32c | grep -c "err= 0"',
].join('\n');

const lookAgain = [
  'psql -qAt -h 127.0.0.1 -U vmft vmft -c "SELECT \'total \' || sum(balance) FROM account"',
  'echo "greeting $(redis-cli GET greeting)"',
].join('\n');

function append(...words: readonly string[]): string {
  return ['console=ttyS0 quiet mitigations=off root=/dev/vda', ...words].join(' ');
}

function run(disk: string, words: string): { status: number | null; console: string } {
  const options = ['run', 'debian', '--disk', `${disk},private`, '--append', words];
  const result = spawnSync(process.execPath, [mainScript, ...options], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: bootMsMax,
  });
  return { status: result.status, console: `${result.stdout}${result.stderr}` };
}

/** Boots, and kills the process once the console shows `text`: a power cut. */
async function cutPowerAt(text: string, disk: string, words: string): Promise<void> {
  const options = ['run', 'debian', '--disk', `${disk},private`, '--append', words];
  const child = spawn(process.execPath, [mainScript, ...options], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const killer = setTimeout(() => child.kill('SIGKILL'), bootMsMax);
  let shown = '';
  child.stdout.on('data', (bytes: Buffer) => {
    shown += bytes.toString('latin1');
    if (shown.includes(text)) child.kill('SIGKILL');
  });
  await once(child, 'close');
  clearTimeout(killer);
  assert.ok(shown.includes(text), shown);
  // It still says who used it, which could not be taken back.
  const released = spawnSync(process.execPath, [mainScript, 'disk', 'release', disk]);
  assert.equal(released.status, 0, String(released.stderr));
}

function assertCleanFileSystem(disk: string): void {
  const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` };
  const result = spawnSync('e2fsck', ['-f', '-n', disk], { encoding: 'utf8', env });
  assert.equal(result.status, 0, result.stdout);
}

void describe('a guest with a root disk', { timeout: 5 * bootMsMax }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'vmft-root-disk-'));
  const disk = join(folder, 'root.img');
  spawnSync('cp', ['--sparse=always', image, disk]);
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const asked = `vmft.services=${services.join(',')}`;

  void test('starts its services, works, checks its databases and powers off', () => {
    const { status, console } = run(
      disk,
      append(asked, 'vmft.check=1', `vmft.run=${encodeURIComponent(work)}`),
    );
    for (const name of services) assert.match(console, new RegExp(`^vmft: ${name} ready`, 'm'));
    assert.match(
      console,
      /^vmft: ready\r?\ntotal 1262100\r?\nOK\r?\n1\r?\n1\r?\nvmft: run ended with 0/m,
    );
    assert.match(console, /^vmft: check postgresql ok: pg_amcheck found nothing/m);
    assert.match(console, /^vmft: check postgresql ok: pg_checksums found nothing/m);
    assert.match(console, /^vmft: check redis ok/m);
    assert.doesNotMatch(console, /FAILED|stays writable/);
    assert.equal(status, 0, console);
    assertCleanFileSystem(disk);
  });

  void test('comes back after a power cut, with all that was durable', async () => {
    await cutPowerAt('vmft: ready', disk, append(asked));
    const { status, console } = run(
      disk,
      append(asked, 'vmft.check=1', `vmft.run=${encodeURIComponent(lookAgain)}`),
    );
    assert.match(console, /^vmft: ready\r?\ntotal 1262100\r?\ngreeting hello/m);
    assert.doesNotMatch(console, /FAILED/);
    assert.equal(status, 0, console);
    assertCleanFileSystem(disk);
  });

  void test('without services it is ready at once; a disk that is not there is told', () => {
    assert.match(run(disk, append('vmft.run=true')).console, /^vmft: ready/m);
    const absent = run(disk, append('root=/dev/vdc'));
    assert.match(absent.console, /cannot mount \/dev\/vdc/);
  });
});
