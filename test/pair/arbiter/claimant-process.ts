/** Tries for a flag as a process of its own: `claimant-process DIRECTORY GENERATION REPLICA`; prints the outcome. */
import { systemRandom } from '../../../src/flow/world/system-random.js';
import { openArbiter } from '../../../src/pair/arbiter/open-arbiter.js';

const [directory = '', generation = '0', replicaId = ''] = process.argv.slice(2);
const arbiter = await openArbiter(`file:${directory}`, systemRandom);
process.stdout.write('ready\n');
process.stdin.once('data', () => {
  void arbiter
    .testAndSet({ machineId: 'm', generation: BigInt(generation), replicaId })
    .then((outcome) => {
      process.stdout.write(`${outcome.kind}\n`);
      process.exit(0);
    });
});
