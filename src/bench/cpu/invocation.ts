/** How each contestant is started. */

import { mainScript } from '../../cli/project-paths.js';

export interface Invocation {
  readonly program: string;
  readonly options: readonly string[];
}

/** What vmft and QEMU have alike. */
export interface BenchedGuest {
  readonly kernel: string;
  readonly initramfs: string;
  readonly commandLine: string;
  readonly memoryMiB: number;
}

export const qemu = 'qemu-system-x86_64';

export function vmft(...options: string[]): Invocation {
  return { program: process.execPath, options: [mainScript, ...options] };
}

export function vmftRun(guest: BenchedGuest, ...more: string[]): Invocation {
  return vmft(
    ...['run', '--kernel', guest.kernel, '--initrd', guest.initramfs],
    ...['--append', guest.commandLine, '--memory', `${guest.memoryMiB}M`, ...more],
  );
}

/** QEMU's usual machine with nothing but a serial console on its output. */
export function qemuTcg(guest: BenchedGuest, ...more: string[]): Invocation {
  return {
    program: qemu,
    options: [
      ...['-M', 'pc', '-nodefaults', '-no-user-config', '-no-reboot', '-accel', 'tcg'],
      ...['-m', `${guest.memoryMiB}M`, '-net', 'none', '-serial', 'stdio', '-display', 'none'],
      ...['-kernel', guest.kernel, '-initrd', guest.initramfs, '-append', guest.commandLine],
      ...more,
    ],
  };
}

/**
 * A disk of QEMU's, {@link qemuDisk} to the guest: a view of an image that is written nowhere. It is an NVMe one, as the stock kernel has that
 * driver built in: QEMU's usual machine has virtio on PCI only, for which the initramfs has no modules, and its microvm, which has it as vmft has,
 * lacks what a kernel calibrates its clock by where the host is busy.
 */
export function qemuDiskOptions(image: string): string[] {
  const drive = `file=${image},format=raw,if=none,id=disk,snapshot=on,cache=unsafe`;
  return ['-drive', drive, '-device', 'nvme,drive=disk,serial=bench'];
}

export const vmftDisk = '/dev/vda';
export const qemuDisk = '/dev/nvme0n1';
