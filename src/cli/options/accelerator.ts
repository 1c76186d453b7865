import { Option } from 'commander';

import { VmftError } from '../../base/errors.js';

export const accelerators = ['soft', 'kvm'] as const;

export function acceleratorOption(): Option {
  return new Option('--accel <name>', 'what executes the guest')
    .choices(accelerators)
    .default('soft');
}

/** Throws `accelerator-unavailable` for one that this vmft does not have yet. */
export function requireAccelerator(name: string): void {
  if (name === 'soft') return;
  throw new VmftError(
    'accelerator-unavailable',
    `the accelerator ${name} is not available yet`,
    'use --accel soft, which runs on any x86-64 host',
  );
}
