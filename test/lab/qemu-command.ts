import { join } from 'node:path';

import type { LabImages } from './lab-images.js';

/** A network card of a host, in the order eth0, eth1. */
export interface LabNic {
  /** As QEMU's -netdev takes it, without an id: `tap,ifname=guest-a,script=no,downscript=no`. */
  readonly netdev: string;
  readonly mac: string;
}

export interface QemuOptions {
  readonly images: LabImages;
  readonly name: string;
  /** Of this host: shared with it as /share, and home of its console and process id. */
  readonly folder: string;
  /** Seen by the host as /storage; the same for both hosts of a pair. */
  readonly storageFolder: string;
  /** Seen by the host as /files, read-only. */
  readonly filesFolder: string;
  readonly memoryMiB: number;
  /** 1 to 8. */
  readonly cpus: number;
  /** How many counted branches late an overflow may arrive, 0 to 100000. */
  readonly skidBranches: number;
  readonly nics: readonly LabNic[];
  /** Words lab.NAME=VALUE for provision.sh. */
  readonly settings: Readonly<Record<string, string>>;
}

const firmwareFolders = ['/usr/share/qemu', '/usr/share/seabios'];

/** The command line of a host's machine. */
export function qemuCommand(options: QemuOptions): string[] {
  const { images, folder, name } = options;
  return [
    images.qemu,
    ...firmwareFolders.flatMap((path) => ['-L', path]),
    ...['-name', name, '-pidfile', join(folder, 'qemu.pid')],
    ...['-M', 'pc', '-m', String(options.memoryMiB), '-smp', String(options.cpus)],
    // With several threads the hosts hang: test/lab/qemu/README.md.
    ...['-accel', 'tcg,thread=single'],
    ...['-cpu', `EPYC,+perfctr-core,x-amd-pmu-skid=${options.skidBranches}`],
    ...['-display', 'none', '-no-reboot', '-nodefaults'],
    ...['-kernel', images.kernel, '-initrd', images.initramfs, '-append', kernelWords(options)],
    ...['-serial', `file:${join(folder, 'console.log')}`],
    ...['-chardev', `pipe,id=orders,path=${join(folder, 'orders')}`, '-serial', 'chardev:orders'],
    ...['-device', 'virtio-rng-pci'],
    ...[images.root, images.product].flatMap((path) => [
      '-drive',
      `file=${path},if=virtio,format=raw,readonly=on`,
    ]),
    ...virtfs('share', join(folder, 'share')),
    ...virtfs('storage', options.storageFolder),
    ...virtfs('files', options.filesFolder, ',readonly=on'),
    ...options.nics.flatMap(({ netdev, mac }, index) => {
      const [kind, rest = ''] = netdev.split(/,(.*)/s);
      const id = `nic${index}`;
      return [
        ...['-netdev', `${kind ?? ''},id=${id},${rest}`],
        // No ROM: nothing boots from a network.
        ...['-device', `virtio-net-pci,netdev=${id},mac=${mac},romfile=,addr=${16 + index}`],
      ];
    }),
  ];
}

function virtfs(tag: string, path: string, more = ''): string[] {
  return ['-virtfs', `local,path=${path},mount_tag=${tag},security_model=none${more}`];
}

function kernelWords({ name, skidBranches, settings }: QemuOptions): string {
  const all = { name, skid: String(skidBranches), ...settings };
  const words = Object.entries(all).map(([key, value]) => `lab.${key}=${value}`);
  // tsc=reliable: the emulated TSC is monotonic, and the watchdog would exchange it for a slow clock.
  return [
    ...['console=ttyS0 quiet panic=-1 rdinit=/init mitigations=off tsc=reliable'],
    ...words,
  ].join(' ');
}
