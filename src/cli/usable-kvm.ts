import { VmftError } from '../base/errors.js';
import {
  type Accelerator,
  type CounterOptions,
  defaultCounter,
} from '../flow/machine/accelerator.js';
import type { GuestCpu } from '../flow/machine/guest-cpu.js';
import {
  cpuModel,
  kernelModeFailures,
  kvmPreflight,
  reducedCpuModel,
  replayFailures,
  unfaithfulAdvice,
  unfaithfulLine,
  whyNoCounter,
} from '../flow/machine/native-kvm.js';
import { chosenAccelerator, type AcceleratorOptions } from './options/accelerator.js';

/**
 * What the options choose on this host: on a KVM that is to be trusted but has no counter, and where none was asked
 * for, the guest runs without one, with a note. Throws `usage`, `accelerator-unavailable`.
 */
export function acceleratorHere(options: AcceleratorOptions): Accelerator {
  const chosen = chosenAccelerator(options);
  if (chosen.name === 'soft' || options.counter !== undefined) return chosen;
  if (replayFailures(kvmPreflight()).length > 0) return chosen;
  const why = whyNoCounter();
  if (why === null) return chosen;
  note(`no counter: ${why}; the guest runs without, and a pair is replicated by checkpoints`);
  return { name: 'kvm', counter: { ...defaultCounter, kind: 'none' } };
}

/**
 * The CPU of a guest that starts here: null on soft, whose is the same everywhere. Throws
 * `accelerator-unavailable` where this host's KVM cannot be used; commands call it before they
 * want anything else of the user.
 */
export function newGuestCpu(accelerator: Accelerator): GuestCpu | null {
  if (accelerator.name === 'soft') return null;
  return requireUsableKvm(accelerator.counter) ? cpuModel() : reducedCpuModel();
}

/**
 * Whether this KVM is a faithful machine. One that is not serves the counters of tests, for guests that never
 * leave kernel mode, with a note. Throws `accelerator-unavailable` where it cannot be used.
 */
export function requireUsableKvm({ kind }: CounterOptions): boolean {
  const preflight = kvmPreflight();
  const failures = replayFailures(preflight);
  if (failures.length === 0) return true;
  if (kind === 'perf' || kernelModeFailures(preflight).length > 0) {
    throw new VmftError('accelerator-unavailable', unfaithfulLine(failures), unfaithfulAdvice);
  }
  note(`${unfaithfulLine(failures)}; only guests that stay in kernel mode can be trusted here`);
  return false;
}

const noted = new Set<string>();

function note(text: string): void {
  if (noted.has(text)) return;
  noted.add(text);
  process.stderr.write(`vmft: note: ${text}\n`);
}
