/**
 * Runs the tests under dist/test with Node's runner. Words given are parts of paths: only the
 * test files that contain one of them run.
 *
 *   node scripts/test.mjs [PART]...
 */

import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const fileTimeoutMs = 10 * 60_000;

const parts = process.argv.slice(2);
const files = readdirSync(join(root, 'dist/test'), { recursive: true })
  .filter((path) => path.endsWith('.test.js'))
  .filter((path) => parts.length === 0 || parts.some((part) => path.includes(part)))
  .map((path) => join('dist/test', path))
  .sort();
if (files.length === 0) {
  console.error(
    parts.length > 0
      ? `no test file has '${parts.join("' or '")}' in its path`
      : 'there are no tests',
  );
  process.exit(1);
}
// Two files at a time: most of what they do is to wait.
const options = [
  '--test',
  '--test-reporter=spec',
  '--test-concurrency=2',
  `--test-timeout=${fileTimeoutMs}`,
  ...files,
];
const result = spawnSync(process.execPath, options, { cwd: root, stdio: 'inherit' });
process.exit(result.status ?? 1);
