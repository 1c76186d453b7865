/**
 * Tries for flags as a process of its own: `claimant-process URL REPLICA`. For each line `MACHINE GENERATION` on standard
 * input prints the outcome.
 */
import { createInterface } from 'node:readline';

import { systemRandom } from '../../../src/flow/world/system-random.js';
import { openArbiter } from '../../../src/pair/arbiter/open-arbiter.js';

const [url = '', replicaId = ''] = process.argv.slice(2);
const arbiter = await openArbiter(url, systemRandom);
process.stdout.write('ready\n');
const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const [machineId = '', generation = '0'] = line.split(' ');
  void arbiter
    .testAndSet({ machineId, generation: BigInt(generation), replicaId })
    .then((outcome) => {
      process.stdout.write(outcome.kind === 'won' ? 'won\n' : `lost to ${outcome.winner}\n`);
    });
});
lines.on('close', () => process.exit(0));
