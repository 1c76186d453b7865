import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import {
  placeBackup,
  refusalsText,
  type Placement,
} from '../../../src/host/protection/placement.js';
import type { HostDescription } from '../../../src/host/api/methods.js';
import type { MachineSpec } from '../../../src/host/machine/machine-spec.js';
import { host, machineSpec, replica, silent } from '../described.js';

const gib = 2 ** 30;

function place(
  hosts: readonly HostDescription[],
  change: Partial<MachineSpec> = {},
  only = '',
): Placement {
  const primary = host('a', { labels: { rack: '1' } });
  return placeBackup({ spec: machineSpec(change), primary, hosts, only });
}

function why(hosts: readonly HostDescription[], change: Partial<MachineSpec> = {}): string {
  const { candidates, refusals } = place(hosts, change);
  assert.deepEqual(candidates, []);
  return refusalsText(refusals);
}

void describe('placement of a backup', () => {
  test('the most free memory first, then the name', () => {
    const hosts = [
      host('d', { memoryFreeBytes: 4 * gib }),
      host('c', { memoryFreeBytes: 8 * gib }),
      host('b', { memoryFreeBytes: 4 * gib }),
    ];
    assert.deepEqual(place(hosts).candidates, ['c', 'b', 'd']);
    assert.deepEqual(place([...hosts].reverse()).candidates, ['c', 'b', 'd']);
  });

  test('where a backup joins already comes first', () => {
    const joining = host('b', { memoryFreeBytes: gib, replicas: [replica('joining')] });
    assert.deepEqual(place([host('c'), joining]).candidates, ['b', 'c']);
  });

  test('never the primary’s host', () => {
    assert.match(why([host('a')]), /a has the machine/);
  });

  test('only hosts that the machine allows', () => {
    const { candidates, refusals } = place([host('b'), host('c')], { hosts: ['a', 'c'] });
    assert.deepEqual(candidates, ['c']);
    assert.match(refusalsText(refusals), /^b is not among the hosts/);
  });

  test('another value of the label, and one at all', () => {
    const hosts = [
      host('b', { labels: { rack: '1' } }),
      host('c', { labels: { rack: '2' } }),
      host('d', { labels: { room: '9' } }),
    ];
    const { candidates, refusals } = place(hosts, { antiAffinity: 'rack' });
    assert.deepEqual(candidates, ['c']);
    assert.equal(refusalsText(refusals), 'b has the same rack (1) as a; d has no label "rack"');
  });

  test('not one that does not answer, has another build, or lacks the accelerator', () => {
    assert.match(why([silent('b')]), /b does not answer/);
    assert.match(why([host('b', { vmft: 'build-2' })]), /b runs another vmft \(build-2/);
    assert.match(why([host('b')], { accelerator: 'kvm' }), /b cannot run kvm/);
    const kvm = host('b', { accelerators: ['soft', 'kvm'] });
    assert.deepEqual(place([kvm], { accelerator: 'kvm' }).candidates, ['b']);
  });

  test('with the memory, to the byte', () => {
    const exactly = host('b', { memoryFreeBytes: gib });
    assert.deepEqual(place([exactly]).candidates, ['b']);
    const tooLittle = host('b', { memoryFreeBytes: gib - 1 });
    assert.match(
      why([tooLittle]),
      /b has 1023 MiB left for guests, and the machine takes 1024 MiB/,
    );
  });

  test('a replica of the same machine that is over makes room', () => {
    const over = host('b', { memoryFreeBytes: 0, replicas: [replica('primary')] });
    assert.deepEqual(place([over]).candidates, ['b']);
    const lost = host('b', { memoryFreeBytes: 0, replicas: [replica('lost')] });
    assert.match(why([lost]), /0 MiB left/);
  });

  test('only the host that was named', () => {
    assert.deepEqual(place([host('b'), host('c')], {}, 'c').candidates, ['c']);
    const { candidates, refusals } = place([host('b')], {}, 'x');
    assert.deepEqual(candidates, []);
    assert.match(refusalsText(refusals), /^x is no host of this cluster/);
  });

  test('nobody else', () => {
    assert.equal(why([]), 'there is no other host');
  });
});
