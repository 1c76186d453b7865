import { InvalidArgumentError } from 'commander';

import type { Random } from '../../base/random.js';

/** `--net tap=NAME[,mac=…]`. */
export interface NetworkOption {
  readonly tap: string;
  /** 6 bytes; null: choose one. */
  readonly mac: Buffer | null;
}

export function parseNetwork(text: string): NetworkOption {
  let tap: string | null = null;
  let mac: Buffer | null = null;
  for (const part of text.split(',')) {
    const [key, value = ''] = part.split(/=(.*)/s);
    if (key === 'tap' && tap === null) tap = parseInterfaceName(value);
    else if (key === 'mac' && mac === null) mac = parseMac(value);
    else throw new InvalidArgumentError(`'${part}' is not known. Write tap=NAME[,mac=ADDRESS].`);
  }
  if (tap === null) throw new InvalidArgumentError('Name the tap: tap=NAME[,mac=ADDRESS].');
  return { tap, mac };
}

/** A unicast address of the locally administered kind. */
export function randomMac(random: Random): Buffer {
  const mac = random.bytes(6);
  mac[0] = ((mac[0] ?? 0) & 0xfc) | 0x02;
  return mac;
}

export function formatMac(mac: Buffer): string {
  return [...mac].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

function parseInterfaceName(text: string): string {
  if (!/^[^\s/:]{1,15}$/.test(text)) {
    throw new InvalidArgumentError(`'${text}' is not an interface's name.`);
  }
  return text;
}

export function parseMac(text: string): Buffer {
  const mac = /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(text)
    ? Buffer.from(text.replaceAll(':', ''), 'hex')
    : null;
  if (mac === null || ((mac[0] ?? 1) & 1) === 1 || mac.every((byte) => byte === 0)) {
    throw new InvalidArgumentError(`'${text}' is not a MAC address a guest can have.`);
  }
  return mac;
}
