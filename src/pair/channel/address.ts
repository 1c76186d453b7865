import { VmftError } from '../../base/errors.js';

export interface Address {
  /** A name, an IPv4 address, or an IPv6 address without brackets. */
  readonly host: string;
  /** 0 … 65535; 0 lets the system choose where one listens. */
  readonly port: number;
}

/** `host:port` or `[ipv6]:port`. Throws `bad-address`. */
export function parseAddress(text: string): Address {
  const match = /^(?:\[([0-9A-Fa-f:.%A-Za-z0-9]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || !(port <= 65535)) {
    throw new VmftError(
      'bad-address',
      `"${text}" is not an address`,
      'write it as host:port or [ipv6]:port, with a port from 0 to 65535',
    );
  }
  return { host, port };
}

export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
