/**
 * Which kernel modules an initramfs needs, and in which order they load. The package has no
 * modules.dep (depmod makes it at installation), so each module's own .modinfo is read.
 */

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @param {string} modulesFolder lib/modules/VERSION of an unpacked kernel package
 * @param {string[]} wanted module names; one that is built into the kernel is left out
 * @returns {{name: string, data: Buffer}[]} dependencies before their users
 */
export function orderedModules(modulesFolder, wanted) {
  const files = moduleFiles(modulesFolder);
  const builtin = new Set(
    readFileSync(join(modulesFolder, 'modules.builtin'), 'utf8').split('\n').map(moduleName),
  );
  const ordered = new Map();
  const visit = (name, user) => {
    if (builtin.has(name) || ordered.has(name)) return;
    const path = files.get(name);
    if (path === undefined)
      throw new Error(`the kernel has no module '${name}', needed by ${user}`);
    const data = readFileSync(path);
    for (const dependency of moduleDependencies(data)) visit(dependency, name);
    ordered.set(name, data);
  };
  for (const name of wanted) visit(moduleName(name), 'images/manifest.json');
  return [...ordered].map(([name, data]) => ({ name, data }));
}

function moduleFiles(folder) {
  const files = new Map();
  for (const path of readdirSync(folder, { recursive: true })) {
    if (path.endsWith('.ko')) files.set(moduleName(path), join(folder, path));
  }
  return files;
}

/** Module names treat '-' and '_' alike, as modprobe does. */
function moduleName(path) {
  return path.replace(/^.*\//, '').replace(/\.ko$/, '').replaceAll('-', '_');
}

function moduleDependencies(data) {
  const key = Buffer.from('\0depends=');
  const start = data.indexOf(key);
  if (start < 0) return [];
  const end = data.indexOf(0, start + key.length);
  const list = data.toString('latin1', start + key.length, end);
  return list === '' ? [] : list.split(',').map(moduleName);
}
