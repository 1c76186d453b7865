// Lists the native sources of one target of binding.gyp, so that a new file needs no entry anywhere.
// usage: node scripts/sources.mjs core | addon | test | bench
import { readdirSync } from 'node:fs';

const rootsByTarget = {
  core: [
    'native/accel',
    'native/base',
    'native/device',
    'native/disk',
    'native/input',
    'native/log',
    'native/machine',
    'native/output',
    'native/runner',
    'native/world',
  ],
  addon: ['native/addon'],
  test: ['test/native'],
  bench: ['native/bench'],
};

const roots = rootsByTarget[process.argv[2]];
if (roots === undefined) {
  console.error('usage: node scripts/sources.mjs core | addon | test | bench');
  process.exit(2);
}
const sources = roots.flatMap((root) =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.cpp'))
    .map((entry) => `${entry.parentPath ?? entry.path}/${entry.name}`),
);
console.log(sources.sort().join('\n'));
