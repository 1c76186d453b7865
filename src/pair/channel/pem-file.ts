import { readFileSync } from 'node:fs';

import { VmftError } from '../../base/errors.js';

/** A key or a certificate as it lies there. Throws `tls-unusable` when it cannot be read. */
export function readPemFile(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new VmftError(
      'tls-unusable',
      `cannot read ${path}`,
      'name a PEM file that this user may read',
      error,
    );
  }
}
