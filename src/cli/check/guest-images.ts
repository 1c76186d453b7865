import { asVmftError } from '../../base/errors.js';
import { findGuest, linuxGuest } from '../guest-images.js';
import { limited, ok, type Finding } from './finding.js';

export function checkImages(): Finding {
  try {
    findGuest(linuxGuest, {});
    return ok('guest images', `${linuxGuest} is built`);
  } catch (error) {
    const { message, whatToDo } = asVmftError(error);
    return limited('guest images', message, whatToDo);
  }
}
