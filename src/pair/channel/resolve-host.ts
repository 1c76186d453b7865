import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';

import { VmftError } from '../../base/errors.js';

/** The IP address of a host name; an IP address is its own. Throws `bad-address`. */
export async function resolveHost(host: string): Promise<string> {
  if (isIP(host) !== 0) return host;
  try {
    return (await lookup(host)).address;
  } catch (error) {
    throw new VmftError(
      'bad-address',
      `the host name "${host}" is not known here`,
      'check its spelling',
      error,
    );
  }
}
