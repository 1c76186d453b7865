/** Which shared libraries a program needs, as ldd tells. */

import { execFileSync } from 'node:child_process';

/** @param {string} program @returns {string[]} absolute paths, the dynamic loader included; none for a static program */
export function sharedLibraries(program) {
  let text;
  try {
    text = execFileSync('ldd', [program], { encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    if (/not a dynamic executable/.test(`${error.stdout}${error.stderr}`)) return [];
    throw error;
  }
  return [...text.matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)].map((match) => match[1]);
}
