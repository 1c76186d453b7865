import type { GuestCpu } from '../../../src/flow/machine/guest-cpu.js';
import type { GuestConfig } from '../../../src/flow/machine/machine.js';

export const exampleGuest: GuestConfig = {
  memoryBytes: 256 << 20,
  kernelPath: '/boot/vmlinuz',
  initramfsPath: '/boot/initrd',
  commandLine: 'console=ttyS0',
  mac: Buffer.from([2, 0, 0, 0, 0, 1]),
  randomSeed: Buffer.alloc(32, 9),
  realtimeNs: 1_700_000_000_000_000_000n,
  cpu: null,
  disks: [],
};

/** As on accelerator kvm: a Zen 2, in short. */
export const exampleCpu: GuestCpu = {
  vendor: 'AuthenticAMD',
  signature: 0x00830f10,
  leaves: [
    {
      ...{ function: 0, index: 0, indexed: false, eax: 13 },
      ...{ ebx: 0x68747541, ecx: 0x444d4163, edx: 0x69746e65 },
    },
    {
      ...{ function: 1, index: 0, indexed: false, eax: 0x00830f10 },
      ...{ ebx: 0, ecx: 0x80982201, edx: 0x078bfbff },
    },
    { function: 7, index: 1, indexed: true, eax: 0, ebx: 0xffffffff, ecx: 0, edx: 0 },
  ],
};
