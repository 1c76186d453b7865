import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { VmftError } from '../../../src/base/errors.js';
import { parseMachineSpec } from '../../../src/host/machine/machine-spec.js';
import { backupWords, primaryWords } from '../../../src/host/supervision/replica-words.js';
import { machineSpec } from '../described.js';

function fault(change: object): string {
  try {
    parseMachineSpec({ ...machineSpec(), ...change });
  } catch (error) {
    assert(error instanceof VmftError && error.code === 'usage');
    return error.message;
  }
  return 'taken';
}

void describe('a machine’s description', () => {
  test('is taken as it is, empty fields filled', () => {
    const spec = machineSpec({ mac: '02:00:00:00:00:01', settings: ['--lag-limit=200'] });
    assert.deepEqual(parseMachineSpec(spec), spec);
    const empty = { accelerator: '', replication: '', onReset: '', memoryBytes: 0 };
    const filled = parseMachineSpec({ ...spec, ...empty });
    assert.deepEqual(
      [filled.accelerator, filled.replication, filled.onReset, filled.memoryBytes],
      ['soft', 'auto', 'start', 256 * 2 ** 20],
    );
  });

  const wrong: readonly [object, RegExp][] = [
    [{ name: '' }, /name must be/],
    [{ name: '../etc' }, /name must be/],
    [{ name: 'x'.repeat(41) }, /name must be/],
    [{ guest: { built: '', kernel: '', initramfs: '', append: '' } }, /guest must name/],
    [{ guest: { built: 'debian', kernel: '/k', initramfs: '', append: '' } }, /guest must name/],
    [{ guest: null }, /guest/],
    [{ memoryBytes: 4097 }, /memoryBytes must be/],
    [{ mac: '02:00' }, /mac must be/],
    [{ mac: '03:00:00:00:00:01' }, /mac must be unicast/],
    [{ accelerator: 'tcg' }, /accelerator/],
    [{ replication: 'both' }, /replication/],
    [{ settings: ['--record=/etc/passwd'] }, /settings.0 names an option/],
    [{ settings: ['--lag-limit 200'] }, /settings.0 must be an option/],
    [{ settings: ['--control=/tmp/x'] }, /settings.0 names an option/],
    [{ disks: [{ url: '', options: '' }] }, /disks.0.url/],
  ];
  for (const [change, message] of wrong) {
    test(`refused: ${JSON.stringify(change).slice(0, 60)}`, () => {
      assert.match(fault(change), message);
    });
  }
});

void describe('the words of a replica', () => {
  const place = {
    config: {
      name: 'b',
      listen: { host: '10.0.1.2', port: 7400 },
      arbiter: 'file:/default',
      tls: { keyFile: '/b.key', certificateFile: '/b.crt', authorityFile: '/ca.crt' },
    },
    socket: '/s/1.sock',
    endFile: '/s/1.end',
    tap: 'vmft1',
  };
  const spec = machineSpec({
    mac: '02:00:00:00:00:01',
    disks: [{ url: 'file:/disks/{host}.img', options: 'private' }],
    settings: ['--lag-limit=200', '--disk-reads=backup'],
    replication: 'checkpoint',
    accelerator: 'kvm',
    counter: 'none',
  });
  const after = (words: readonly string[], option: string): string | undefined =>
    words[words.indexOf(option) + 1];

  test('of a primary', () => {
    const words = primaryWords(spec, place, '/snap');
    assert.deepEqual(words.slice(0, 2), ['run', 'halt']);
    assert.equal(after(words, '--memory'), '1048576K');
    assert.equal(after(words, '--machine-id'), 'id1');
    assert.equal(after(words, '--net'), 'tap=vmft1,mac=02:00:00:00:00:01');
    assert.equal(after(words, '--disk'), 'file:/disks/b.img,private');
    assert.equal(after(words, '--listen'), '10.0.1.2:0');
    assert.equal(after(words, '--arbiter'), 'file:/shared');
    assert.equal(after(words, '--replication'), 'checkpoint');
    assert.equal(after(words, '--restore'), '/snap');
    assert.equal(after(words, '--control'), '/s/1.sock');
    assert.equal(after(words, '--tls-ca'), '/ca.crt');
    assert.equal(after(words, '--counter'), 'none');
    assert.deepEqual(words.slice(-2), ['--lag-limit=200', '--disk-reads=backup']);
  });

  test('of a backup', () => {
    const words = backupWords(spec, place, '10.0.1.1:4000');
    assert.deepEqual(words.slice(0, 2), ['backup', '10.0.1.1:4000']);
    assert.equal(after(words, '--net'), 'tap=vmft1');
    assert.equal(after(words, '--disk'), 'file:/disks/b.img');
    assert.equal(after(words, '--listen'), '10.0.1.2:0');
    assert.equal(after(words, '--replication'), 'checkpoint');
    assert(!words.includes('--disk-reads=backup') && words.includes('--lag-limit=200'));
  });

  test('without an arbiter no backup can join', () => {
    const alone = { ...place, config: { ...place.config, arbiter: null } };
    const words = primaryWords(machineSpec({ arbiter: '' }), alone, '');
    assert(!words.includes('--listen') && !words.includes('--arbiter'));
    assert.throws(() => backupWords(machineSpec({ arbiter: '' }), alone, 'x:1'), /no arbiter/);
  });
});
