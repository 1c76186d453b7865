import { closeSync, constants, existsSync, openSync, readFileSync } from 'node:fs';

import { VmftError } from '../../base/errors.js';
import { limited, missing, ok, type Finding } from './finding.js';

const device = '/dev/net/tun';
const capNetAdminBit = 12n;

/** Whether this user can have taps: the device opens, and either taps may be made or an owned one is needed. */
export function checkTap(): Finding {
  const fault = tunDeviceFault();
  if (fault !== null) return missing('tap', fault.found, fault.whatToDo);
  if (hasNetAdmin()) return ok('tap', `${device} opens, and this user may make taps`);
  return limited(
    'tap',
    `${device} opens; this user may only use taps made for him`,
    'as root: ip tuntap add dev NAME mode tap user YOU',
  );
}

/** Why no tap can be opened here at all; null when one can. */
export function tunDeviceFault(): { readonly found: string; readonly whatToDo: string } | null {
  if (!existsSync(device)) {
    return { found: `${device} is not there`, whatToDo: 'as root: modprobe tun' };
  }
  try {
    closeSync(openSync(device, constants.O_RDWR));
    return null;
  } catch (error) {
    const { code } = error as { code?: string };
    const loads = code === 'ENODEV' || code === 'ENXIO';
    return {
      found: `${device} does not open (${code ?? String(error)})`,
      whatToDo: loads ? 'as root: modprobe tun' : `as root: chmod 666 ${device}, or run as root`,
    };
  }
}

/** Throws `tap-unavailable`. */
export function requireTunDevice(): void {
  const fault = tunDeviceFault();
  if (fault !== null) throw new VmftError('tap-unavailable', fault.found, fault.whatToDo);
}

function hasNetAdmin(): boolean {
  try {
    const match = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'));
    return ((BigInt(`0x${match?.[1] ?? '0'}`) >> capNetAdminBit) & 1n) === 1n;
  } catch {
    return false;
  }
}
