/** Storage faults, in namespaces of their own; told which by JSON in the first argument. */
import { join } from 'node:path';

import { DemoNetwork } from '../../../src/cli/demo/demo-network.js';
import { endBySignals } from '../../../src/cli/demo/enter-namespaces.js';
import { Narrator } from '../../../src/cli/demo/narrator.js';
import { mediumFaults } from './medium-faults.js';
import type { FaultOrder } from './order.js';
import { privateFaults } from './private-faults.js';
import { targetFaults } from './target-faults.js';

async function main({ faults, stallMs, folder }: FaultOrder): Promise<boolean> {
  const narrator = new Narrator(false, false);
  const network = await DemoNetwork.create();
  const failed: string[] = [];
  try {
    for (const name of faults) {
      narrator.line(`${name}:`);
      const place = join(folder, name);
      try {
        if (name === 'target') {
          await targetFaults(network, place, narrator, {
            stallMs,
            deadMs: Math.min(stallMs, 4_000),
          });
        } else if (name === 'medium') await mediumFaults(network, place, narrator);
        else await privateFaults(network, place, narrator);
      } catch (error) {
        failed.push(name);
        console.error(error);
      }
    }
  } finally {
    network.close();
  }
  narrator.line(
    failed.length === 0
      ? `storage faults: ${faults.join(', ')} as they should be`
      : `storage faults: FAILED: ${failed.join(', ')}`,
  );
  return failed.length === 0;
}

endBySignals();
try {
  process.exit((await main(JSON.parse(process.argv[2] ?? '') as FaultOrder)) ? 0 : 1);
} catch (error) {
  console.error(error);
  process.exit(1);
}
