import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { VmftError } from '../base/errors.js';
import { imagesFolder } from './project-paths.js';

/** What a guest is made of. */
export interface GuestImage {
  readonly kernelPath: string;
  readonly initramfsPath: string | null;
  readonly commandLine: string;
}

/** Debian's stock kernel and our initramfs (images/). */
export const linuxGuest = 'debian';

/** The kernel's words that any use of the Debian guest wants; its init's words are in images/initramfs/init. */
const linuxCommandLine = 'console=ttyS0 quiet mitigations=off vmft.mode=shell';

export interface GuestOptions {
  readonly kernel?: string;
  readonly initrd?: string;
  readonly append?: string;
}

/**
 * The guest that `vmft run` was asked for: a built one by its name, or one by its files. Words given
 * with `--append` follow a built guest's own, so that they win. Throws `usage`.
 */
export function findGuest(name: string | undefined, options: GuestOptions): GuestImage {
  if (options.kernel !== undefined) {
    if (name !== undefined) {
      throw new VmftError('usage', 'both a guest and --kernel were given', 'give one of them');
    }
    return {
      kernelPath: options.kernel,
      initramfsPath: options.initrd ?? null,
      commandLine: options.append ?? '',
    };
  }
  if (name === undefined) {
    throw new VmftError(
      'usage',
      'no guest was named',
      `name one: ${builtGuests()}, or --kernel FILE`,
    );
  }
  const image = builtGuest(name);
  const words = [image.commandLine, options.append ?? ''].filter((part) => part !== '');
  return {
    ...image,
    initramfsPath: options.initrd ?? image.initramfsPath,
    commandLine: words.join(' '),
  };
}

function builtGuest(name: string): GuestImage {
  if (name === linuxGuest) {
    const kernelPath = join(imagesFolder, 'vmlinuz');
    const initramfsPath = join(imagesFolder, 'initramfs.gz');
    if (!existsSync(kernelPath) || !existsSync(initramfsPath)) {
      throw new VmftError('usage', `the guest ${name} is not built`, 'run: npm run setup');
    }
    return { kernelPath, initramfsPath, commandLine: linuxCommandLine };
  }
  if (testGuests().includes(name)) {
    const kernelPath = join(imagesFolder, 'guests', `${name}.elf`);
    return { kernelPath, initramfsPath: null, commandLine: '' };
  }
  const message = `there is no guest named ${name}`;
  throw new VmftError('usage', message, `name one of ${builtGuests()}, or give --kernel FILE`);
}

function builtGuests(): string {
  return [linuxGuest, ...testGuests()].join(', ');
}

function testGuests(): string[] {
  try {
    return readdirSync(join(imagesFolder, 'guests'))
      .filter((file) => file.endsWith('.elf'))
      .map((file) => file.slice(0, -'.elf'.length))
      .sort();
  } catch {
    return [];
  }
}
