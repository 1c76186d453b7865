import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { statusOfError, errorOfStatus } from '../../../src/host/rpc/error-status.js';
import { hostMethods, peerMethods, type HostDescription } from '../../../src/host/api/methods.js';
import { locateMachine } from '../../../src/host/api/locate.js';
import { VmftError } from '../../../src/base/errors.js';
import { host, machineSpec, replica, silent } from '../described.js';

void describe('messages of the control API', () => {
  test('a description comes over as it was, 64-bit numbers and all', () => {
    const description: HostDescription = host('a', {
      labels: { rack: '1', room: 'ü' },
      memoryBytes: 2 ** 50 + 1,
      startedRealtimeMs: 1_795_440_806_749,
      replicas: [
        replica('primary', {
          of: {
            disks: [{ url: 'file:/x', options: 'private' }],
            hosts: ['a', 'b'],
            memoryBytes: 2 ** 33,
          },
          generation: 2 ** 40,
        }),
      ],
    });
    const bytes = peerMethods.describe.responseSerialize(description);
    assert.deepEqual(peerMethods.describe.responseDeserialize(bytes), description);
  });

  test('what was left out is there, empty', () => {
    const request = hostMethods.start.requestDeserialize(Buffer.alloc(0));
    assert.deepEqual(request, { spec: null, host: '', restore: '' });
    const described = peerMethods.describe.responseDeserialize(Buffer.alloc(0));
    assert.deepEqual([described.replicas, described.labels, described.memoryBytes], [[], {}, 0]);
  });

  test('bytes pass through', () => {
    const data = Buffer.from([0, 1, 255, 128]);
    const bytes = hostMethods.console.requestSerialize({ name: 'vm1', data });
    assert.deepEqual(hostMethods.console.requestDeserialize(bytes), { name: 'vm1', data });
  });

  test('rubbish is refused', () => {
    assert.throws(() => hostMethods.start.requestDeserialize(Buffer.from([0x0a, 0xff, 0xff])));
  });

  test('an error keeps its code, its line and its advice', () => {
    const error = new VmftError(
      'machine-busy',
      'another operation has machine vm1',
      'wait – “soon”',
    );
    const { code, message, whatToDo } = errorOfStatus(statusOfError(error), 'x');
    assert.deepEqual([code, message, whatToDo], [error.code, error.message, error.whatToDo]);
  });
});

void describe('where a machine is', () => {
  test('live here, live there, about to be, lost, unknown', () => {
    const has = (name: string, role: string, generation = 1): HostDescription =>
      host(name, { replicas: [replica(role, { generation })] });
    const at = (self: HostDescription, ...others: HostDescription[]): unknown => {
      const located = locateMachine('vm1', self, others);
      return located.at === 'host' ? located.host : located.at;
    };
    assert.equal(at(has('a', 'primary'), has('b', 'backup')), 'here');
    assert.equal(at(has('a', 'backup'), has('b', 'primary')), 'b');
    // The newer generation is the machine.
    assert.equal(at(has('a', 'primary', 1), has('b', 'alone', 2)), 'b');
    assert.equal(at(has('a', 'lost'), has('b', 'backup')), 'soon');
    assert.equal(at(has('a', 'lost'), host('b')), 'here');
    assert.equal(at(host('a'), has('b', 'stopped')), 'b');
    const located = locateMachine('vm9', host('a'), [has('b', 'alone'), silent('c')]);
    assert(located.at === 'nowhere');
    assert.match(located.error.message, /no host knows a machine vm9; c does not answer/);
  });
});

void test('a machine’s description is complete in its message', () => {
  const spec = machineSpec();
  const bytes = hostMethods.start.requestSerialize({ spec, host: 'b', restore: '' });
  assert.deepEqual(hostMethods.start.requestDeserialize(bytes).spec, spec);
});
