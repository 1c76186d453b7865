import { VmftError } from '../base/errors.js';
import { createNativeMachine, type GuestImages } from '../flow/machine/native-machine.js';
import type { MachineFactory } from '../pair/session/ports.js';

/**
 * Makes this host's machine and gives it its network. `images` null: the machine is a backup's, and gets
 * its state from the primary. Throws `usage` when the guest has a network device and this host no tap for it.
 */
export function machineFactory(tap: string | null, images: GuestImages | null): MachineFactory {
  return (config, events) => {
    if (config.mac !== null && tap === null) {
      throw new VmftError(
        'usage',
        'the guest has a network device, and this host was given no tap for it',
        'name one with --net tap=NAME',
      );
    }
    const machine = createNativeMachine(config, images, events);
    if (config.mac !== null && tap !== null) machine.attachTap({ name: tap });
    return machine;
  };
}
