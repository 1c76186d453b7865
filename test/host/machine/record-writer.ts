import { writeSync } from 'node:fs';

import { RecordStore } from '../../../src/host/machine/record-store.js';
import { machineRecord } from '../described.js';

/** Saves one record after another, of growing generations and various lengths, and says each that is saved. */
const [, , state = '', first = '0'] = process.argv;
const store = RecordStore.open(state);
for (let generation = Number(first) + 1; ; generation += 1) {
  store.save(machineRecord({ generation, end: 'x'.repeat(generation % 1_000) }));
  writeSync(1, `${generation}\n`);
}
