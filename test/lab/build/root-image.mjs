/** The hosts' root file system: busybox, Node, ip, bash and what these need; one image for all hosts, read-only. */

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { makeDiskImage } from './disk-image.mjs';
import {
  LabUnavailable,
  cacheFolder,
  labSources,
  projectRoot,
  readRecord,
  writeRecord,
} from './lab-folder.mjs';
import { sharedLibraries } from './shared-libraries.mjs';

/** Programs of this machine that a host gets as well; those only wanted may be absent. */
const programs = {
  needed: ['ip', 'bash', 'date'],
  wanted: ['unshare', 'nsenter', 'taskset', 'strace', 'perf'],
};
const folders = ['proc', 'sys', 'dev', 'tmp', 'run', 'root', 'vmft', 'files', 'share', 'storage'];

/** @param {{busybox: string, pmutest: string}} own programs that the lab brings @returns {string} the image's path */
export function buildRootImage(kernel, own) {
  const image = join(cacheFolder, 'root.img');
  const files = new Map([
    ['/usr/bin/node', process.execPath],
    ['/bin/pmutest', own.pmutest],
    ['/init', join(labSources, 'inside/init')],
    ['/bin/run-job', join(labSources, 'inside/run-job')],
    ['/provision.sh', join(labSources, 'provision.sh')],
  ]);
  for (const name of [...programs.needed, ...programs.wanted]) {
    const path = findProgram(name);
    if (path !== null) files.set(`/usr/bin/${name}`, path);
    else if (programs.needed.includes(name)) throw new LabUnavailable(`${name} is not here`);
  }
  // The addon itself is in the product's image.
  const addon = join(projectRoot, 'build/Release/vmft.node');
  const loading = [...files.values(), addon].filter((from) => !from.startsWith(labSources));
  for (const path of loading) {
    for (const library of sharedLibraries(path)) files.set(library, library);
  }
  // busybox is static, and comes last: its names give way to the programs above.
  files.set('/bin/busybox', own.busybox);

  const inputs = inputsHash(files, kernel);
  if (existsSync(image) && readRecord('root.json')?.inputs === inputs) return image;
  const stage = mkdtempSync(join(cacheFolder, 'root-'));
  try {
    fillStage(stage, files, kernel);
    makeDiskImage(stage, image);
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
  writeRecord('root.json', { inputs });
  return image;
}

function fillStage(stage, files, kernel) {
  for (const folder of folders) mkdirSync(join(stage, folder), { recursive: true });
  for (const [to, from] of files) {
    mkdirSync(dirname(join(stage, to)), { recursive: true });
    copyFileSync(realpathSync(from), join(stage, to));
    execFileSync('chmod', ['755', join(stage, to)]);
  }
  cpSync(kernel.modulesFolder, join(stage, 'lib/modules', kernel.release), { recursive: true });
  const etc = join(stage, 'etc');
  mkdirSync(etc);
  writeFileSync(join(etc, 'passwd'), 'root:x:0:0:root:/tmp:/bin/sh\n');
  writeFileSync(join(etc, 'group'), 'root:x:0:\n');
  writeFileSync(join(etc, 'hosts'), '127.0.0.1 localhost\n');
  addBusyboxLinks(stage);
}

function addBusyboxLinks(stage) {
  const applets = execFileSync(join(stage, 'bin/busybox'), ['--list'], { encoding: 'utf8' });
  const taken = new Set([
    ...readdirSync(join(stage, 'bin')),
    ...readdirSync(join(stage, 'usr/bin')),
  ]);
  mkdirSync(join(stage, 'sbin'));
  // Not busybox's: its shell prefers its own applets, and its ip makes no taps.
  execFileSync('ln', ['-s', '/usr/bin/bash', join(stage, 'bin/sh')]);
  taken.add('sh');
  const links = applets.split('\n').filter((name) => name !== '' && !taken.has(name));
  const options = links.map((name) => join(stage, 'bin', name));
  for (const link of options) execFileSync('ln', ['-s', 'busybox', link]);
  // The kernel looks for this one by its path.
  execFileSync('ln', ['-s', '/bin/busybox', join(stage, 'sbin/modprobe')]);
}

function findProgram(name) {
  const places = ['/usr/bin', '/usr/sbin', '/bin', '/sbin'];
  return places.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}

/** Large files are told by size and date, ours by content. */
function inputsHash(files, kernel) {
  const hash = createHash('sha256').update(readFileSync(new URL(import.meta.url)));
  hash.update(readFileSync(join(kernel.modulesFolder, 'modules.dep'))).update(kernel.release);
  for (const [to, from] of [...files].sort()) {
    const { size, mtimeMs } = statSync(from);
    hash.update(`${to}\0${from}\0${size}\0`);
    hash.update(from.startsWith(labSources) ? readFileSync(from) : String(mtimeMs));
  }
  return hash.digest('hex');
}
