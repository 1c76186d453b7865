/**
 * The long hunt: schedules until the number or the time is used up.
 *
 *   npm run hunt -- [--schedules 1000000] [--seconds 3600] [--from SEED]
 *
 * Prints each violation with its seed as it is found; exit status 1 if there was one.
 */
import { parseArgs } from 'node:util';

import { runSchedule } from './schedule.js';

const { values } = parseArgs({
  options: {
    schedules: { type: 'string', default: '1000000' },
    seconds: { type: 'string', default: '3600' },
    from: { type: 'string' },
  },
});

const from = Number(values.from ?? Date.now() % 2 ** 31);
const until = performance.now() + Number(values.seconds) * 1000;
const schedules = Number(values.schedules);
let found = 0;
let ran = 0;
let failovers = 0;
for (; ran < schedules && performance.now() < until; ran += 1) {
  try {
    failovers += (await runSchedule(from + ran, null)).failovers;
  } catch (error) {
    found += 1;
    const text = error instanceof Error ? error.message : String(error);
    process.stdout.write(`seed ${from + ran}: ${text}\n`);
  }
}
const range = ran === 0 ? 'none' : `${from} to ${from + ran - 1}`;
process.stdout.write(
  `${ran} schedules (seeds ${range}), ${failovers} failovers, ${found} violations\n`,
);
process.exitCode = found === 0 ? 0 : 1;
