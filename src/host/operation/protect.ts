import { VmftError } from '../../base/errors.js';
import { hostTimes } from '../../base/limits.js';
import { backupKnows, dismissBackup, findBackup } from './backup-place.js';
import type { OperationPlace } from './step.js';

/**
 * Protection is wanted from now on; resolves when it has come about. Rejects with `no-host` when the first round of hosts
 * has failed: with a host named, all is as it was; else it is tried again and again (protector.ts).
 */
export async function protect(place: OperationPlace, host: string): Promise<void> {
  const { machine, tell } = place;
  const wasWanted = machine.spec.protected;
  const isFormed = (): boolean => machine.role === 'primary';
  if (isFormed()) {
    machine.setProtected(true);
    if (host === '' || host === (await findBackup(place))) return;
    throw new VmftError(
      'host-refused',
      `machine ${machine.name} is protected already, by another host`,
      `vmft move ${machine.name} backup ${host}`,
    );
  }
  let failure: string | null = null;
  machine.onProtection = (news) => {
    switch (news.kind) {
      case 'asking':
        tell({ step: `a backup starts on ${news.host}` });
        break;
      case 'joining':
        tell({ step: `the backup on ${news.host} gets its copy` });
        break;
      case 'failed':
        failure ??= news.why;
        break;
      case 'protected':
        tell({ step: 'protected' });
        break;
    }
  };
  try {
    machine.setProtected(true, host);
    const settled = (): boolean => machine.role !== 'alone' || failure !== null;
    while (!(await machine.until(settled, hostTimes.progressMs))) {
      const copy = machine.process.status?.copy ?? null;
      if (copy !== null) tell({ step: 'copying', ...copy });
    }
  } finally {
    machine.onProtection = null;
  }
  if (isFormed()) {
    await backupKnows(place);
    return;
  }
  const why = failure ?? 'it is not live here any more';
  if (host !== '' && machine.live) machine.setProtected(wasWanted);
  throw new VmftError(
    'no-host',
    `machine ${machine.name} is not protected: ${why}`,
    host !== '' || !machine.live
      ? 'nothing was changed'
      : 'it is tried again by itself; vmft unprotect ends that',
  );
}

/** The backup leaves, and no other one is wanted. Rejects with all as it was. */
export async function unprotect(place: OperationPlace): Promise<void> {
  const { machine } = place;
  const wasWanted = machine.spec.protected;
  machine.setProtected(false);
  try {
    const host = await findBackup(place);
    if (host !== null) await dismissBackup(place, host, 'protection is not wanted any more');
    else if (machine.role === 'primary') throw outOfSight(machine.name);
  } catch (error) {
    if (machine.live) machine.setProtected(wasWanted);
    throw error;
  }
}

function outOfSight(name: string): VmftError {
  return new VmftError(
    'host-unreachable',
    `the host with the backup of machine ${name} does not answer`,
    'nothing was changed; vmft status shows which hosts do not answer',
  );
}
