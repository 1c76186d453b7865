/** Reads the modules.dep that kernel.mjs wrote. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** @returns {string[]} file names, dependencies before their users; a module that is built in is left out */
export function orderedModulesOf(modulesFolder, wanted) {
  const needs = new Map();
  for (const line of readFileSync(join(modulesFolder, 'modules.dep'), 'utf8').split('\n')) {
    const [file, rest] = line.split(':');
    if (rest !== undefined) needs.set(file, rest.trim().split(' ').filter(Boolean).reverse());
  }
  const ordered = new Set();
  for (const name of wanted) {
    const file = `${name}.ko`;
    if (!needs.has(file)) continue;
    for (const needed of [...needs.get(file), file]) ordered.add(needed);
  }
  return [...ordered];
}
