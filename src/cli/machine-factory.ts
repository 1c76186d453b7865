import { VmftError } from '../base/errors.js';
import type { Accelerator } from '../flow/machine/accelerator.js';
import { describeCpu } from '../flow/machine/guest-cpu.js';
import type { GuestConfig } from '../flow/machine/machine.js';
import type { CrashAt } from '../flow/machine/native-addon.js';
import { whyNotHere } from '../flow/machine/native-kvm.js';
import { createNativeMachine, type GuestImages } from '../flow/machine/native-machine.js';
import type { HostDisks } from './host-disks.js';
import { requireUsableKvm } from './usable-kvm.js';
import type { MachineFactory } from '../pair/session/ports.js';

/**
 * Makes this host's machine and gives it its network and its disks. `images` null: the machine is a backup's, and gets
 * its state from the primary. Throws `usage` when the guest has a network device and this host no tap for it,
 * `accelerator-unavailable` when this host cannot be the guest's CPU.
 */
export function machineFactory(
  tap: string | null,
  images: GuestImages | null,
  accelerator: Accelerator,
  disks: HostDisks | null = null,
  crashAt?: CrashAt,
): MachineFactory {
  return (config, events) => {
    if (config.mac !== null && tap === null) {
      throw new VmftError(
        'usage',
        'the guest has a network device, and this host was given no tap for it',
        'name one with --net tap=NAME',
      );
    }
    requireGuestCpu(config, accelerator);
    const machine = createNativeMachine(config, images, events, accelerator, crashAt ?? null);
    if (config.mac !== null && tap !== null) machine.attachTap({ name: tap });
    disks?.attachTo(machine);
    return machine;
  };
}

/** Throws `accelerator-unavailable` when this host cannot give the guest the CPU that it was started with. */
export function requireGuestCpu(config: GuestConfig, accelerator: Accelerator): void {
  const { cpu } = config;
  if ((cpu === null) !== (accelerator.name === 'soft')) {
    const made = cpu === null ? 'without a CPU of its own' : `for ${describeCpu(cpu)}`;
    throw new VmftError(
      'accelerator-unavailable',
      `the guest was made ${made}, and the accelerator is ${accelerator.name}`,
      'use the accelerator it was started on',
    );
  }
  if (cpu === null || accelerator.name === 'soft') return;
  requireUsableKvm(accelerator.counter);
  const why = whyNotHere(cpu);
  if (why === null) return;
  throw new VmftError(
    'accelerator-unavailable',
    `this host cannot run the guest's CPU: ${why}`,
    'use a host of the same CPU model, or start the guest with --accel soft, which runs anywhere',
  );
}
