import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type Long from 'long';
import { bigintOfLong } from '../../src/base/uint64.js';
import { vmft } from '../../src/flow/log/generated/log-messages.js';
import { hash64 } from '../../src/flow/machine/native-machine.js';

/** A 64-bit field; one that is not there is 0. */
function uint64(value: Long | null | undefined): bigint {
  return value === null || value === undefined ? 0n : bigintOfLong(value);
}

const root = fileURLToPath(new URL('../../..', import.meta.url));

function goldenSegment(name: string): ReturnType<typeof vmft.log.Segment.decode> {
  const hex = readFileSync(join(root, 'test/golden/log', name), 'latin1').trim();
  const frame = vmft.log.Frame.decode(Buffer.from(hex, 'hex'));
  assert.equal(uint64(frame.checksum), hash64(Buffer.from(frame.segment)));
  return vmft.log.Segment.decode(frame.segment);
}

/** The bytes that test/native/log/log_test.cpp encodes, read by a protobuf library that is not ours. */
void test('protobufjs reads what the native side writes', () => {
  const segment = goldenSegment('frame-v1.hex');
  assert.equal(uint64(segment.generation), 3n);
  assert.equal(uint64(segment.sequence), 700n);
  assert.equal(uint64(segment.outputsProduced), 12n);
  assert.equal(uint64(segment.outputsReleased), 11n);
  assert.ok(segment.runUntil);
  assert.equal(uint64(segment.runUntil.ticks), 6000n);
  assert.equal(uint64(segment.runUntil.rip), 0xffffffff81001770n);
  assert.ok(segment.digest);
  assert.equal(uint64(segment.digest.state), 0x0123456789abcdefn);
  assert.equal(uint64(segment.digest.memory), 0xfedcba9876543210n);
  assert.equal(segment.digest.memoryPages, 17);

  const records = segment.records.map((record) => ({
    ticks: uint64(record.position?.ticks),
    rip: uint64(record.position?.rip),
    rcx: uint64(record.position?.rcx),
    record,
  }));
  assert.deepEqual(
    records.map(({ ticks }) => ticks),
    [1000n, 2000n, 3000n, 3000n, 4000n, 5000n, 5000n],
  );
  assert.ok(records.every(({ ticks, rip }) => rip === 0xffffffff81000000n + ticks));
  assert.deepEqual(
    records.map(({ rcx }) => rcx),
    [0n, 14000n, 21000n, 21000n, 28000n, 35000n, 35000n],
  );
  const [clock, frameIn, virtio, serial, entropy, button, snapshot] = records.map(
    ({ record }) => record,
  );
  assert.equal(uint64(clock?.clock?.virtualNs), 123456789n);
  assert.equal(clock?.clock?.picosecondsPerTick, 5000);
  assert.equal(uint64(clock.clock.realtimeNs), 1700000000123456789n);
  assert.equal(
    Buffer.from(frameIn?.netFrame?.frame ?? []).toString('hex'),
    'ffffffffffff0200000000010806010203',
  );
  assert.equal(virtio?.consoleBytes?.port, 1);
  assert.equal(Buffer.from(virtio.consoleBytes.data ?? []).toString(), 'ls\n');
  assert.equal(serial?.consoleBytes?.port ?? 0, 0);
  assert.deepEqual([...(entropy?.entropy?.data ?? [])], [0, 1, 2, 254, 255]);
  assert.equal(button?.control?.kind, vmft.log.Control.Kind.POWER_BUTTON);
  assert.equal(snapshot?.control?.kind, vmft.log.Control.Kind.SNAPSHOT);
});

void test('and a CPU share, which version 3 added', () => {
  const { records } = goldenSegment('frame-v3.hex');
  assert.equal(records.at(-1)?.control?.kind, vmft.log.Control.Kind.CPU_SHARE);
  assert.equal(records.at(-1)?.control?.value, 250);
});

void test('and the ends of disk requests, which version 2 added', () => {
  const { records } = goldenSegment('frame-v2.hex');
  const ends = records.flatMap(({ diskCompletion }) => diskCompletion ?? []);
  const { OK, IO_ERROR } = vmft.log.DiskCompletion.Status;
  assert.deepEqual(
    ends.map((end) => ({
      disk: end.disk ?? 0,
      request: uint64(end.request),
      status: end.status ?? OK,
      data: Buffer.from(end.data ?? []).toString('hex'),
      readOnBackup: end.readOnBackup ?? false,
      dataHash: uint64(end.dataHash),
    })),
    [
      { disk: 0, request: 1n, status: OK, data: '55aa0007', readOnBackup: false, dataHash: 0n },
      {
        disk: 1,
        request: 300n,
        status: OK,
        data: '',
        readOnBackup: true,
        dataHash: 0x1122334455667788n,
      },
      {
        disk: 4,
        request: 0x100000002n,
        status: IO_ERROR,
        data: '',
        readOnBackup: false,
        dataHash: 0n,
      },
      { disk: 0, request: 2n, status: OK, data: '', readOnBackup: false, dataHash: 0n },
    ],
  );
});
