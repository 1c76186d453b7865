import { isAbsolute } from 'node:path';

import type { Random } from '../../base/random.js';
import { VmftError } from '../../base/errors.js';
import type { Arbiter } from './arbiter.js';
import { FileArbiter, prepareArbiterDirectory } from './file-arbiter.js';

/**
 * The arbiter that a URL names: `file:/absolute/directory`. Makes the last part of the path if missing.
 * Throws `usage` for another kind of URL and `arbiter-unusable` for a directory that cannot be had.
 */
export async function openArbiter(url: string, random: Random): Promise<Arbiter> {
  const directory = url.startsWith('file:')
    ? url.slice('file:'.length).replace(/^\/\/(?=\/)/, '')
    : '';
  if (!isAbsolute(directory)) {
    throw new VmftError(
      'usage',
      `"${url}" does not name an arbiter`,
      'name one as file:/a/directory/that/both/hosts/see',
    );
  }
  await prepareArbiterDirectory(directory);
  return new FileArbiter(directory, random.uniqueName());
}
