/**
 * Formats the sources, or with --check says which files are not formatted.
 *
 *   node scripts/format.mjs [--check]
 */

import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const check = process.argv.includes('--check');

function filesBelow(folder, pattern) {
  return readdirSync(join(root, folder), { recursive: true })
    .filter((path) => pattern.test(path))
    .map((path) => join(folder, path))
    .sort();
}

function run(program, options) {
  return (
    spawnSync(join(root, 'node_modules/.bin', program), options, { cwd: root, stdio: 'inherit' })
      .status === 0
  );
}

const native = ['native', 'test', 'images'].flatMap((folder) => filesBelow(folder, /\.(cpp|h)$/));
const scripts = ['src', 'test', 'scripts', 'images'].flatMap((folder) =>
  filesBelow(folder, /\.(ts|mjs)$/),
);
const prettierMode = check ? '--check' : '--write';
const clangMode = check ? ['--dry-run', '--Werror'] : ['-i'];

const formatted = [
  run('prettier', [prettierMode, '--log-level=warn', ...scripts, 'eslint.config.js']),
  run('clang-format', [...clangMode, ...native]),
];
if (!formatted.every(Boolean)) {
  if (check) console.error('run: npm run format');
  process.exit(1);
}
