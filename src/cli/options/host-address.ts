import { InvalidArgumentError } from 'commander';
import { isIP } from 'node:net';

import { defaultHostPort } from '../../host/config-constants.js';
import { parseAddress, type Address } from '../../pair/channel/address.js';

/** Of a host's daemon: `host[:port]`, `[ipv6][:port]`, or an IPv6 address alone. */
export function parseHostAddress(text: string): Address {
  if (isIP(text) === 6) return { host: text, port: defaultHostPort };
  const withoutPort = /^(\[[^\]]*\]|[^:[\]]+)$/.test(text);
  try {
    return parseAddress(withoutPort ? `${text}:${defaultHostPort}` : text);
  } catch {
    throw new InvalidArgumentError(`Write a host as 10.0.1.1 or 10.0.1.1:${defaultHostPort}.`);
  }
}
