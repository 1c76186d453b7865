import { formatAddress, type Address } from '../../pair/channel/address.js';
import type { PeerConfig } from '../config.js';

export interface ConfigFields {
  readonly name: string;
  readonly listen: Address;
  readonly state: string;
  readonly socket: string;
  readonly arbiter: string | null;
  readonly bridge: string | null;
  readonly peers: readonly PeerConfig[];
}

/** A host.toml with what is known, and with what may be added as comments. */
export function configText(fields: ConfigFields): string {
  const { name, listen, state, socket, arbiter, bridge, peers } = fields;
  return [
    '# The daemon of this host, `vmft host`: docs/host.md says what each line means.',
    `name = ${quoted(name)}`,
    `listen = ${quoted(formatAddress(listen))}`,
    `state = ${quoted(state)}`,
    `socket = ${quoted(socket)}`,
    '# memory = "16G"            # what guests may have; otherwise all but 1 GiB',
    arbiter === null ? '# arbiter = "file:/mnt/vmft/flags"' : `arbiter = ${quoted(arbiter)}`,
    bridge === null ? '# bridge = "br0"' : `bridge = ${quoted(bridge)}`,
    '# labels = { rack = "1" }',
    '',
    '# Names are relative to this file’s folder.',
    '[tls]',
    'ca = "ca.pem"',
    'cert = "cert.pem"',
    'key = "key.pem"',
    '',
    ...peers.map(peerText),
  ].join('\n');
}

/** The table of one peer, as it stands in the files of the others. */
export function peerText({ name, address }: PeerConfig): string {
  return `[[peers]]\nname = ${quoted(name)}\naddress = ${quoted(formatAddress(address))}\n`;
}

/** TOML's basic strings are JSON's but for DEL, which no name here may have. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
