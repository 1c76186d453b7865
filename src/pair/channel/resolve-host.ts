import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';

import { VmftError } from '../../base/errors.js';

export interface ResolvedHost {
  readonly ip: string;
  /** The address of the same family to bind when any will do. */
  readonly anyAddress: string;
}

/** The IP address of a host name; an IP address is its own. Throws `bad-address`. */
export async function resolveHost(host: string): Promise<ResolvedHost> {
  const ip = isIP(host) === 0 ? await find(host) : host;
  return { ip, anyAddress: isIP(ip) === 6 ? '::' : '0.0.0.0' };
}

async function find(host: string): Promise<string> {
  try {
    return (await lookup(host)).address;
  } catch (error) {
    const message = `the host name "${host}" is not known here`;
    throw new VmftError('bad-address', message, 'check its spelling', error);
  }
}
