/**
 * Storage fails in every way that can be had here, while a pair's guest works on it; judged from outside.
 *
 *   npm run storage-faults -- [target|medium|private …] [--short]       (docs/hacking.md)
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { enterNamespaces } from '../../../src/cli/demo/enter-namespaces.js';
import { faultNames, type FaultOrder } from './order.js';

const insideScript = fileURLToPath(new URL('./inside.js', import.meta.url));
/** Of the target: a stall that it is known by, or one that is long enough to see. */
const stallMs = { usual: 10_000, short: 2_000 } as const;

const given = process.argv.slice(2);
const words = given.filter((word) => word !== '--short');
const chosen = faultNames.filter((name) => words.length === 0 || words.includes(name));
if (!words.every((word) => faultNames.some((name) => name === word))) {
  console.error(`storage-faults: they are ${faultNames.join(', ')}`);
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), 'vmft-faults-'));
try {
  const order: FaultOrder = {
    faults: chosen,
    stallMs: stallMs[given.length > words.length ? 'short' : 'usual'],
    folder,
  };
  process.exitCode = await enterNamespaces(insideScript, [JSON.stringify(order)]);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
