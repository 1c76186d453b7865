/** Everything that has to hold before a commit: set-up (build and types), format, lint, tests. */

import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setUp } from './setup.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

if (!(await setUp(['test']))) process.exit(1);
const stages = [
  { name: 'format', command: ['scripts/format.mjs', '--check'] },
  { name: 'lint', command: ['node_modules/eslint/bin/eslint.js', '.'] },
  { name: 'tests', command: ['scripts/test.mjs'] },
];
const failed = stages.filter(({ name, command: [script, ...options] }) => {
  console.error(`check: ${name}`);
  const result = spawnSync(process.execPath, [join(root, script), ...options], {
    cwd: root,
    stdio: 'inherit',
  });
  return result.status !== 0;
});
if (failed.length > 0) {
  console.error(`check: failed: ${failed.map(({ name }) => name).join(', ')}`);
  process.exit(1);
}
