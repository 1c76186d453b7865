/** One pair's freezes, in namespaces of their own; told what by JSON in the first argument. */
import { writeFileSync } from 'node:fs';

import { freezeLane, type LaneOrder } from './lane.js';

// Only the init of these namespaces has to be told: with its end, everything in there ends.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => process.exit(130));
}
const order = JSON.parse(process.argv[2] ?? '') as LaneOrder;
writeFileSync(order.resultPath, JSON.stringify(await freezeLane(order)));
process.exit(0);
