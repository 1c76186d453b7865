import { parseAddress, type Address } from '../../pair/channel/address.js';

/** Where a primary listens when the user names no port. */
export const defaultChannelPort = 7654;

/** `host[:port]`, `[ipv6][:port]`. Throws `bad-address`. */
export function parseChannelAddress(text: string): Address {
  const withoutPort = /^(\[[^\]]*\]|[^:[\]]+)$/.test(text);
  return parseAddress(withoutPort ? `${text}:${defaultChannelPort}` : text);
}
