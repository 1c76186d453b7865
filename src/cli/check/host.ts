import { release } from 'node:os';

import { availableMemoryBytes } from '../guest-files.js';
import { limited, missing, ok, type Finding } from './finding.js';

const nodeMajorMin = 20;
/** The default guest and what vmft needs beside it. */
const memoryBytesWanted = (256 + 150) * 2 ** 20;

export function checkHost(): Finding {
  const found = `${process.platform} ${release()} on ${process.arch}`;
  if (process.platform === 'linux' && process.arch === 'x64') return ok('host', found);
  return missing('host', found, 'vmft runs on Linux on x86-64');
}

export function checkNode(): Finding {
  const major = Number(process.versions.node.split('.')[0]);
  if (major >= nodeMajorMin) return ok('node', process.version);
  return missing('node', process.version, `install Node ${nodeMajorMin} or newer`);
}

export function checkMemory(): Finding {
  const bytes = availableMemoryBytes();
  if (bytes === null) return limited('memory', 'not known', null);
  const found = `${Math.floor(bytes / 2 ** 20)} MiB to be had`;
  if (bytes >= memoryBytesWanted) return ok('memory', found);
  return limited('memory', found, 'the default guest wants 256 MiB: give less with --memory');
}
