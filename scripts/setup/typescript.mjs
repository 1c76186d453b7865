/** dist/ from the TypeScript sources, when they changed; output without a source is removed. */

import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { hashSources, readStamp, writeStamp } from './stamp.mjs';
import { runTool } from './run-tool.mjs';

export function ensureTypeScript(root) {
  const stampPath = join(root, 'dist/vmft-sources.stamp');
  const hash = hashSources(
    root,
    ['src', 'test', 'tsconfig.json', 'package-lock.json'],
    [process.version],
  );
  if (readStamp(stampPath) === hash) return;
  console.error('setup: compiling TypeScript');
  removeOrphans(root, 'src');
  removeOrphans(root, 'test');
  runTool(
    'TypeScript',
    process.execPath,
    [join(root, 'node_modules/typescript/bin/tsc'), '-p', root],
    {
      cwd: root,
    },
  );
  writeStamp(stampPath, hash);
}

/** A test whose source was deleted must not go on running. */
function removeOrphans(root, folder) {
  const output = join(root, 'dist', folder);
  if (!existsSync(output)) return;
  for (const path of readdirSync(output, { recursive: true })) {
    const base = /^(.*)\.js(\.map)?$/.exec(path)?.[1];
    if (base === undefined) continue;
    if (!existsSync(join(root, folder, `${base}.ts`))) rmSync(join(output, path));
  }
}
