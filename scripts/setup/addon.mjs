/** The native addon and its test executable, by node-gyp, when their sources changed. */

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { hashSources, readStamp, writeStamp } from './stamp.mjs';
import { runTool } from './run-tool.mjs';

const sources = [
  'binding.gyp',
  'native',
  'test/native',
  'node_modules/node-addon-api/package.json',
];

export function ensureAddon(root) {
  if (!existsSync(join(root, 'binding.gyp'))) return;
  const stampPath = join(root, 'build/vmft-sources.stamp');
  const nodePath = join(root, 'build/vmft-node.stamp');
  const hash = hashSources(root, sources, [process.version]);
  if (readStamp(stampPath) === hash && existsSync(join(root, 'build/Release'))) return;

  console.error('setup: building the native addon');
  // Objects of another Node version would be linked as if they were new.
  const clean = readStamp(nodePath) === process.version ? [] : ['clean'];
  const headers = nodeHeadersFolder();
  const options = [
    ...[...clean, 'configure', 'build'],
    ...['--loglevel=error', `--jobs=${availableParallelism()}`],
    ...(headers === null ? [] : [`--nodedir=${headers}`]),
  ];
  for (const command of options.slice(0, clean.length + 2)) {
    const rest = options.slice(clean.length + 2);
    runTool('the native addon', process.execPath, [nodeGyp(root), command, ...rest], { cwd: root });
  }
  writeStamp(nodePath, process.version);
  writeStamp(stampPath, hash);
}

function nodeGyp(root) {
  return join(root, 'node_modules/node-gyp/bin/node-gyp.js');
}

/**
 * Where Node's headers are on this machine, so that nothing has to be downloaded: npm's own setting,
 * Node's installation, or Debian's libnode-dev; null leaves it to node-gyp.
 */
function nodeHeadersFolder() {
  const candidates = [npmNodedir(), dirname(dirname(process.execPath)), '/usr'];
  return candidates.find((folder) => folder !== null && hasHeaders(folder)) ?? null;
}

function npmNodedir() {
  const fromEnvironment = process.env['npm_config_nodedir'];
  if (fromEnvironment) return fromEnvironment;
  const result = spawnSync('npm', ['config', 'get', 'nodedir'], { encoding: 'utf8' });
  const value = result.stdout?.trim();
  return value && value !== 'undefined' && value !== 'null' ? value : null;
}

function hasHeaders(folder) {
  const include = join(folder, 'include/node');
  if (!existsSync(join(include, 'node_api.h'))) return false;
  let text;
  try {
    text = readFileSync(join(include, 'node_version.h'), 'utf8');
  } catch {
    return false;
  }
  const part = (name) => new RegExp(`#define NODE_${name}_VERSION (\\d+)`).exec(text)?.[1];
  return `v${part('MAJOR')}.${part('MINOR')}.${part('PATCH')}` === process.version;
}
