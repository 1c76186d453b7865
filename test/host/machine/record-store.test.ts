import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { decodeRecord, RecordStore } from '../../../src/host/machine/record-store.js';
import { machineRecord, machineSpec } from '../described.js';

const writer = fileURLToPath(new URL('./record-writer.js', import.meta.url));

void describe('the store of records', () => {
  let state = '';
  beforeEach(() => {
    state = mkdtempSync(join(tmpdir(), 'vmft-store-'));
  });
  afterEach(() => {
    rmSync(state, { recursive: true, force: true });
  });
  const file = (name: string): string => join(state, 'machines', name);

  test('gives back what was saved, and forgets what was removed', () => {
    const store = RecordStore.open(state);
    const vm1 = machineRecord({ generation: 7, tap: 'vmft01234567' });
    const vm2 = machineRecord({ spec: machineSpec({ name: 'vm2' }), state: 'stopped', end: 'off' });
    store.save(vm1);
    store.save(vm2);
    store.save({ ...vm1, generation: 8 });
    const again = RecordStore.open(state).load();
    assert.deepEqual(again, { records: [{ ...vm1, generation: 8 }, vm2], damaged: [] });
    store.remove('vm1');
    store.remove('vm1');
    assert.deepEqual(store.load().records, [vm2]);
  });

  test('a file cut anywhere is set aside, never half believed', () => {
    const store = RecordStore.open(state);
    store.save(machineRecord());
    const whole = readFileSync(file('vm1.json'), 'utf8');
    for (let length = 0; length < whole.trimEnd().length; length += 1) {
      assert.equal(decodeRecord(whole.slice(0, length)), null, `cut at ${length}`);
    }
    store.save(machineRecord({ spec: machineSpec({ name: 'vm2' }) }));
    truncateSync(file('vm1.json'), 100);
    const { records, damaged } = store.load();
    assert.deepEqual(
      records.map(({ spec }) => spec.name),
      ['vm2'],
    );
    assert.deepEqual(damaged, [file('vm1.json.damaged')]);
    assert.deepEqual(store.load().damaged, []);
  });

  test('a record under another name, or of another version, is no record', () => {
    const store = RecordStore.open(state);
    const text = JSON.stringify(machineRecord());
    writeFileSync(file('vm9.json'), text);
    writeFileSync(file('vm1.json'), text.replace('"version":1', '"version":2'));
    const { records, damaged } = store.load();
    assert.deepEqual(records, []);
    assert.equal(damaged.length, 2);
  });

  test('whenever the daemon is killed, the record is one that it saved', async () => {
    const store = RecordStore.open(state);
    store.save(machineRecord());
    let newest = 0;
    for (let round = 0; round < 6; round += 1) {
      const child = spawn(process.execPath, [writer, state, String(newest)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let told = newest;
      child.stdout.on('data', (bytes: Buffer) => {
        told = Number(bytes.toString().trimEnd().split('\n').at(-1));
      });
      await new Promise((resolve) => child.stdout.once('data', resolve));
      await sleep(round * 7);
      child.kill('SIGKILL');
      await new Promise((resolve) => child.once('close', resolve));
      const { records, damaged } = RecordStore.open(state).load();
      assert.deepEqual(damaged, []);
      assert.equal(records.length, 1);
      const { generation, end } = records[0] ?? machineRecord();
      // What it said to have saved is there, or what it saved after that.
      assert(generation >= told, `${generation} is there, ${told} was saved`);
      assert.equal(end.length, generation % 1_000);
      newest = generation;
    }
    assert.deepEqual(readdirSync(join(state, 'machines')), ['vm1.json']);
  });
});
