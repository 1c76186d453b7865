import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isErrorCode, MachineError, type ErrorCode } from '../../src/base/errors.js';
import { hash64 as hash64InTypeScript } from '../../src/base/hash64.js';
import { acceleratorEnds, stopReasons, type GuestDisk } from '../../src/flow/machine/machine.js';
import {
  createNativeMachine,
  hash64,
  nativeErrorCodes,
  nativeStopReasons,
} from '../../src/flow/machine/native-machine.js';
import { guestImage, ObservedMachine, recordingOptions, testConfig } from './native-guest.js';

function throwsCode(code: ErrorCode, call: () => unknown): void {
  assert.throws(call, (error) => {
    assert.ok(error instanceof MachineError, String(error));
    assert.equal(error.code, code, error.message);
    assert.ok(!error.message.includes('\n'), 'one line');
    return true;
  });
}

/** A value that the compiler would refuse. */
function wrong<T>(value: unknown): T {
  return value as T;
}

void describe('the native border', () => {
  void test('uses only codes of the vocabulary', () => {
    const codes = nativeErrorCodes();
    assert.ok(codes.length > 5);
    for (const code of codes) assert.ok(isErrorCode(code), code);
  });

  void test('has a code for each way in which an accelerator fails', () => {
    const codes = new Set(nativeErrorCodes());
    for (const end of acceleratorEnds) assert.ok(codes.has(end), end);
  });

  void test('stops for the reasons that are known here', () => {
    assert.deepEqual([...nativeStopReasons()], [...stopReasons]);
  });

  void test('hash64 is the same function as ever', () => {
    assert.equal(hash64(Buffer.from('abc')), 12751514913193429005n);
    assert.notEqual(hash64(Buffer.alloc(0)), hash64(Buffer.alloc(1)));
  });

  void test('hash64 in TypeScript is the native one', () => {
    for (let length = 0; length < 70; length += 1) {
      const bytes = Buffer.from(Array.from({ length }, (_, at) => (at * 37 + length * 101) & 0xff));
      assert.equal(hash64InTypeScript(bytes), hash64(bytes), `${length} bytes`);
    }
  });

  void test('refuses what is no guest, in one line', () => {
    const events = new ObservedMachine(null);
    const create = (kernel: Buffer, config = testConfig): unknown =>
      createNativeMachine(config, { kernel, initramfs: null }, events);
    throwsCode('kernel-unusable', () => create(Buffer.alloc(0)));
    throwsCode('kernel-unusable', () => create(Buffer.from('#!/bin/sh\n')));
    throwsCode('kernel-unusable', () => create(guestImage('hello').subarray(0, 200)));
    const hello = guestImage('hello');
    throwsCode('memory-too-small', () => create(hello, { ...testConfig, memoryBytes: 1 << 20 }));
    throwsCode('bad-argument', () => create(hello, { ...testConfig, memoryBytes: 12345678 }));
    throwsCode('bad-argument', () => create(hello, { ...testConfig, mac: Buffer.alloc(5) }));
    throwsCode('bad-argument', () => create(hello, { ...testConfig, randomSeed: Buffer.alloc(3) }));
    throwsCode('bad-argument', () => create(hello, { ...testConfig, realtimeNs: -1n }));
    throwsCode('bad-argument', () =>
      create(hello, { ...testConfig, commandLine: 'x'.repeat(5000) }),
    );
  });

  void test('refuses what is no disk', () => {
    const disk: GuestDisk = {
      capacityBytes: 4096n,
      blockBytes: 512,
      holding: 'shared',
      readOnly: false,
      readsOnBackup: false,
      serial: 'twenty characters :)',
      url: '',
      uuid: '',
    };
    const create = (...disks: GuestDisk[]): unknown =>
      createNativeMachine({ ...testConfig, disks }, null, new ObservedMachine(null));
    create(disk, disk, disk, disk, { ...disk, holding: 'private', blockBytes: 4096 });
    for (const change of [
      { capacityBytes: 0n },
      { capacityBytes: -512n },
      { capacityBytes: 1n << 64n },
      { capacityBytes: 4096 + 256 },
      { capacityBytes: 4096n + 256n },
      { capacityBytes: 4096n + 512n, blockBytes: 4096 },
      { blockBytes: 1024 },
      { blockBytes: null },
      { holding: 'both' },
      { readOnly: 1 },
      { readsOnBackup: undefined },
      { serial: 'twenty-one characters' },
      { serial: 'tab\t' },
      { serial: 'ä' },
    ])
      throwsCode('bad-argument', () => create(wrong({ ...disk, ...change })));
    throwsCode('bad-argument', () => create(wrong(7)));
    throwsCode('bad-argument', () => create(disk, disk, disk, disk, disk, disk));
    throwsCode('bad-argument', () => {
      const config = { ...testConfig, disks: wrong<GuestDisk[]>({}) };
      createNativeMachine(config, null, new ObservedMachine(null));
    });
  });

  void test('refuses arguments of the wrong type or range, and calls in the wrong mode', async () => {
    const { machine, ended } = new ObservedMachine(guestImage('halt'));
    throwsCode('bad-argument', () => {
      machine.startLive({ ...recordingOptions, generation: wrong(1) });
    });
    throwsCode('bad-argument', () => {
      machine.startLive({ ...recordingOptions, gated: wrong('yes') });
    });
    throwsCode('bad-argument', () => {
      machine.startLive(wrong(null));
    });
    throwsCode('bad-argument', () => {
      machine.setSpeedLimit(0);
    });
    throwsCode('bad-argument', () => {
      machine.control(wrong('explode'));
    });
    await assert.rejects(machine.copyRead(-1), { code: 'bad-argument' });
    await assert.rejects(machine.copyChanges(), { code: 'wrong-mode' });
    throwsCode('bad-argument', () => {
      machine.restorePages(wrong('text'));
    });
    throwsCode('bad-argument', () => {
      machine.consoleInput(wrong('text'));
    });
    throwsCode('wrong-mode', () => {
      machine.resume(recordingOptions);
    });
    throwsCode('wrong-mode', () => {
      machine.goLive(recordingOptions);
    });
    throwsCode('wrong-mode', () => {
      machine.restoreState(Buffer.alloc(1));
    });
    throwsCode('tap-unavailable', () => {
      machine.attachTap({ name: 'a-name-that-is-too-long-for-linux' });
    });
    await assert.rejects(machine.pause(), { code: 'wrong-mode' });
    machine.stop();
    assert.equal((await ended).reason, 'stopped');
    machine.stop();
    assert.equal(machine.status().mode, 'stopped');
  });

  void test('a closed machine gives its memory back at once, says nothing and takes nothing', async () => {
    const memoryBytes = 256 << 20;
    const rssBytes = process.memoryUsage.rss();
    for (let round = 0; round < 4; round += 1) {
      const observed = new ObservedMachine(guestImage('halt'), { ...testConfig, memoryBytes });
      let ended = false;
      void observed.ended.then(() => (ended = true));
      observed.machine.startLive(recordingOptions);
      observed.machine.close();
      observed.machine.close();
      throwsCode('wrong-mode', () => observed.machine.status());
      throwsCode('wrong-mode', () => {
        observed.machine.stop();
      });
      throwsCode('wrong-mode', () => observed.machine.announce());
      throwsCode('wrong-mode', () => {
        observed.machine.attachTap({ name: 'none' });
      });
      await new Promise((resolve) => setTimeout(resolve, 20));
      assert.ok(!ended, 'close says nothing');
    }
    assert.ok(process.memoryUsage.rss() - rssBytes < memoryBytes);
  });

  void test('a pause that the end of the machine overtakes is rejected', async () => {
    const observed = new ObservedMachine(guestImage('halt'));
    observed.machine.startLive(recordingOptions);
    observed.machine.control('power-off');
    await observed.ended;
    await assert.rejects(observed.machine.pause());
  });
});
