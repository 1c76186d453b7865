/** One pair's freezes, in namespaces of their own; told what by JSON in the first argument. */
import { writeFileSync } from 'node:fs';

import { endBySignals } from '../../../src/cli/demo/enter-namespaces.js';
import { freezeLane, type LaneOrder } from './lane.js';

endBySignals();
const order = JSON.parse(process.argv[2] ?? '') as LaneOrder;
writeFileSync(order.resultPath, JSON.stringify(await freezeLane(order)));
process.exit(0);
