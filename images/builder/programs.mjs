/** Compiles the guest's own programs: static, and the same bytes wherever the same compiler runs. */

import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ImageError } from './debian-packages.mjs';

const imagesFolder = dirname(dirname(fileURLToPath(import.meta.url)));

const reproducible = [
  '-fno-ident',
  '-Wl,--build-id=none',
  '-s',
  `-ffile-prefix-map=${imagesFolder}=.`,
];

/** @param {string[]} sources relative to images/ @param {string} output */
export function compileProgram(sources, output) {
  compile(
    ['-std=c++20', '-O2', '-march=x86-64', '-mtune=generic', '-static', ...cleanCode],
    sources,
    output,
  );
}

/**
 * A test guest: no libc, no kernel; linked by guests/guest.ld to run at 1 MiB.
 * @param {string[]} sources relative to images/ @param {string} output
 */
export function compileGuest(sources, output) {
  const freestanding = [
    ...['-std=c++20', '-O1', '-march=x86-64', '-mno-red-zone', '-mgeneral-regs-only'],
    ...['-ffreestanding', '-fno-pic', '-no-pie', '-fno-asynchronous-unwind-tables'],
    ...[
      '-fno-stack-protector',
      '-fcf-protection=none',
      '-fno-threadsafe-statics',
      '-Wa,--noexecstack',
    ],
    `-I${join(dirname(imagesFolder), 'native')}`,
    ...[
      '-nostdlib',
      '-static',
      '-Wl,-z,noexecstack',
      '-Wl,-z,norelro',
      '-Wl,-z,max-page-size=4096',
    ],
    ...['-Wl,--no-warn-rwx-segments', `-Wl,-T,${join(imagesFolder, 'guests/guest.ld')}`],
  ];
  compile([...freestanding, ...cleanCode], sources, output);
}

const cleanCode = ['-fno-exceptions', '-fno-rtti', '-Wall', '-Wextra', '-Werror'];

function compile(options, sources, output) {
  const paths = sources.map((source) => join(imagesFolder, source));
  try {
    execFileSync('g++', [...options, ...reproducible, '-o', output, ...paths], { stdio: 'pipe' });
  } catch (error) {
    if (error.code === 'ENOENT')
      throw new ImageError('g++ is not here: install the Debian package g++');
    throw new ImageError(`g++ failed on ${sources.join(' ')}:\n${error.stderr}`);
  }
}
