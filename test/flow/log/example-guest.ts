import type { GuestConfig } from '../../../src/flow/machine/machine.js';

export const exampleGuest: GuestConfig = {
  memoryBytes: 256 << 20,
  kernelPath: '/boot/vmlinuz',
  initramfsPath: '/boot/initrd',
  commandLine: 'console=ttyS0',
  mac: Buffer.from([2, 0, 0, 0, 0, 1]),
  randomSeed: Buffer.alloc(32, 9),
  realtimeNs: 1_700_000_000_000_000_000n,
};
