import { asVmftError } from '../../base/errors.js';
import { hash64 } from '../../flow/machine/native-machine.js';
import { missing, ok, type Finding } from './finding.js';

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
