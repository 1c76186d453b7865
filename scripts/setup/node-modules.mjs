/** node_modules as package-lock.json wants it. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runTool } from './run-tool.mjs';

export function ensureNodeModules(root) {
  if (isInstalled(root)) return;
  console.error('setup: installing npm packages');
  runTool('npm packages', 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
  });
}

/** npm writes what it installed into node_modules/.package-lock.json; optional packages may be absent there. */
function isInstalled(root) {
  const wanted = readPackages(join(root, 'package-lock.json'));
  const installed = readPackages(join(root, 'node_modules/.package-lock.json'));
  if (wanted === null || installed === null) return false;
  return Object.entries(wanted).every(
    ([path, { version, optional }]) =>
      path === '' || optional === true || installed[path]?.version === version,
  );
}

function readPackages(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages;
  } catch {
    return null;
  }
}
