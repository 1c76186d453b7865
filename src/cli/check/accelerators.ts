import { closeSync, constants, existsSync, openSync, readFileSync } from 'node:fs';

import { asVmftError } from '../../base/errors.js';
import { hash64 } from '../../flow/machine/native-machine.js';
import { limited, missing, ok, type Finding } from './finding.js';

/** Whether the native part is built and loads here: the software CPU is in it. */
export function checkSoft(): Finding {
  const name = 'accelerator soft';
  try {
    hash64(Buffer.from('vmft'));
    return ok(name, 'works: x86-64-v2 in software, counts exactly');
  } catch (error) {
    return missing(name, asVmftError(error).message, 'run: npm run setup');
  }
}

/** What the host has for an accelerator that this vmft does not have yet. */
export function checkKvm(): Finding {
  const name = 'accelerator kvm';
  const notYet = 'vmft does not use it yet: --accel soft runs anywhere';
  return limited(name, `${kvmDevice()}; ${cpuExtensions()}`, notYet);
}

function kvmDevice(): string {
  if (!existsSync('/dev/kvm')) return '/dev/kvm is not there';
  try {
    closeSync(openSync('/dev/kvm', constants.O_RDWR));
    return '/dev/kvm opens';
  } catch (error) {
    return `/dev/kvm does not open (${(error as { code?: string }).code ?? String(error)})`;
  }
}

function cpuExtensions(): string {
  let flags: string;
  try {
    flags = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? '';
  } catch {
    return 'the CPU is not known';
  }
  if (/\bvmx\b/.test(flags)) return 'the CPU has VMX';
  return /\bsvm\b/.test(flags) ? 'the CPU has SVM' : 'the CPU shows neither VMX nor SVM';
}
