import { asVmftError, VmftError } from '../../base/errors.js';
import { hostTimes } from '../../base/limits.js';
import type { HostDescription } from '../api/methods.js';
import { isLive } from '../machine/machine-record.js';
import {
  dismissBackup,
  findBackup,
  joinBackup,
  requireBackup,
  requireTaker,
} from './backup-place.js';
import type { OperationPlace } from './step.js';

/**
 * The backup becomes the machine, and this replica ends. Rejects, with the guest where it was, when there is no formed pair
 * or the primary does not hand it over.
 */
export async function handOver(place: OperationPlace): Promise<void> {
  const { machine, peers, tell } = place;
  const to = await requireBackup(place);
  const { machineId } = machine.spec;
  tell({ step: `handing over to ${to}` });
  await machine.process.control.handOver();
  const isLiveThere = async (): Promise<boolean> =>
    (await peers.describeAll()).some(
      ({ name, replicas }) =>
        name === to &&
        replicas.some(({ spec, role }) => spec?.machineId === machineId && isLive(role)),
    );
  for (let waitedMs = 0; waitedMs < hostTimes.handOverMs; waitedMs += handOverLookMs) {
    if (await isLiveThere()) {
      tell({ step: `live on ${to}` });
      return;
    }
    await machine.until(() => false, handOverLookMs);
  }
  throw new VmftError(
    'machine-not-live',
    `machine ${machine.name} was handed over, and host ${to} has not said yet that it is live there`,
    'vmft status shows it',
  );
}

/** The backup goes to another host. On failure the host that had it gets it back. */
export async function moveBackup(
  place: OperationPlace,
  self: HostDescription,
  to: string,
): Promise<void> {
  const { machine, host } = place;
  const from = await requireBackup(place);
  if (to === from) throw thereAlready(machine.name, 'backup', to);
  if (to === host) {
    throw new VmftError(
      'host-refused',
      `host ${to} has the primary of machine ${machine.name}`,
      `vmft failover ${machine.name} swaps the two`,
    );
  }
  await requireTaker(place, self, to);
  machine.suspendProtection(true);
  try {
    await dismissBackup(place, from, `the backup moves to ${to}`);
    await joinBackup(place, to);
  } catch (thrown) {
    throw await undone(place, asVmftError(thrown), from);
  } finally {
    machine.suspendProtection(false);
  }
}

/** The machine itself goes to another host. Whatever fails, it stays live here. */
export async function movePrimary(
  place: OperationPlace,
  self: HostDescription,
  to: string,
): Promise<void> {
  const { machine, host } = place;
  if (to === host) throw thereAlready(machine.name, 'primary', to);
  if (machine.role === 'primary') {
    const backup = await requireBackup(place);
    if (backup !== to) await moveBackup(place, self, to);
    await handOver(place);
    return;
  }
  await requireTaker(place, self, to);
  machine.suspendProtection(true);
  try {
    const joining = await findBackup(place);
    if (joining !== null && joining !== to) await dismissBackup(place, joining, `moves to ${to}`);
    await joinBackup(place, to);
    await handOver(place);
  } finally {
    if (!machine.isGone) machine.suspendProtection(false);
  }
}

/** What to tell of a move of the backup that failed. */
async function undone(place: OperationPlace, error: VmftError, from: string): Promise<VmftError> {
  const { machine } = place;
  if (machine.role === 'primary') return error;
  place.tell({ step: `${error.message}; the backup goes back to ${from}` });
  const back = await joinBackup(place, from).then(
    () => `the backup is on ${from} again`,
    (thrown: unknown) =>
      `the backup could not go back to ${from} either (${asVmftError(thrown).message}); another is made by itself`,
  );
  return new VmftError(error.code, `${error.message}; ${back}`, error.whatToDo, error);
}

function thereAlready(name: string, replica: string, host: string): VmftError {
  return new VmftError('usage', `the ${replica} of machine ${name} is on host ${host} already`);
}

const handOverLookMs = 100;
