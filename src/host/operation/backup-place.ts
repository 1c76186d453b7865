import { VmftError } from '../../base/errors.js';
import { hostTimes } from '../../base/limits.js';
import type { HostDescription } from '../api/methods.js';
import { refusalOf } from '../protection/placement.js';
import type { OperationPlace } from './step.js';

/** Where a machine's backup is, coming or going: what several operations do. */

/** The host that has the backup, formed or joining; null: none that answers. */
export function findBackup(place: OperationPlace): Promise<string | null> {
  return findReplica(place, ['starting', 'joining', 'backup']);
}

async function findReplica(
  { machine, peers }: OperationPlace,
  roles: readonly string[],
): Promise<string | null> {
  const { machineId } = machine.spec;
  for (const host of await peers.describeAll()) {
    const has = host.replicas.some(
      ({ spec, role }) => spec?.machineId === machineId && roles.includes(role),
    );
    if (has) return host.name;
  }
  return null;
}

/**
 * The primary has the pair; resolves when the backup has heard of it, from when on it would take over (failover table, B2), or
 * the pair is over again, or its host does not tell within a while.
 */
export async function backupKnows(place: OperationPlace): Promise<void> {
  const { machine } = place;
  for (let waitedMs = 0; waitedMs < hostTimes.pairHeardMs; waitedMs += pairLookMs) {
    if (machine.role !== 'primary' || (await findReplica(place, ['backup'])) !== null) return;
    await machine.until(() => false, pairLookMs);
  }
}

/** Rejects with `not-protected` for a machine without a formed pair, and `host-unreachable` when its backup is out of sight. */
export async function requireBackup(place: OperationPlace): Promise<string> {
  const { machine } = place;
  if (machine.role !== 'primary') {
    throw new VmftError(
      'not-protected',
      `machine ${machine.name} is not protected at the moment`,
      'vmft protect, or wait until vmft status says protected',
    );
  }
  const host = await findBackup(place);
  if (host !== null) return host;
  throw new VmftError(
    'host-unreachable',
    `the host with the backup of machine ${machine.name} does not answer`,
    'vmft status shows which hosts do not',
  );
}

/** Rejects with `host-refused` when this host cannot have the machine's backup, before anything is changed. */
export async function requireTaker(
  { machine, peers }: OperationPlace,
  self: HostDescription,
  to: string,
): Promise<void> {
  const found = (await peers.describeAll()).find(({ name }) => name === to);
  const why =
    found === undefined
      ? 'is no host of this cluster'
      : refusalOf(found, { spec: machine.spec, primary: self });
  if (why === null) return;
  throw new VmftError(
    'host-refused',
    `host ${to} cannot have machine ${machine.name}: it ${why}`,
    'nothing was changed',
  );
}

/** Starts a backup there and resolves when the pair is formed. Rejects with what went wrong. */
export async function joinBackup(place: OperationPlace, to: string): Promise<void> {
  const { machine, tell } = place;
  machine.clearJoinFailure();
  tell({ step: `a backup starts on ${to}` });
  await machine.startBackupAt(to);
  tell({ step: `the backup on ${to} gets its copy` });
  await joined(place, to);
  await backupKnows(place);
  tell({ step: `protected by ${to}` });
}

/** Resolves when the pair is formed; tells how far the copy is. */
async function joined({ machine, peers, tell }: OperationPlace, to: string): Promise<void> {
  let missing = 0;
  let [sent, stalledMs] = [-1, 0];
  const isFormed = (): boolean => machine.role === 'primary';
  while (!isFormed()) {
    const settled = (): boolean =>
      machine.role !== 'alone' || machine.lastJoinFailure !== null || machine.isGone;
    if (!(await machine.until(settled, hostTimes.progressMs))) {
      const copy = machine.live ? machine.process.status?.copy : null;
      if (copy !== null && copy !== undefined) tell({ step: `copying to ${to}`, ...copy });
      const found = (await peers.describeAll()).find(({ name }) => name === to);
      const isThere = found?.replicas.some(
        ({ spec, role }) => spec?.machineId === machine.spec.machineId && role !== 'lost',
      );
      missing = isThere === true ? 0 : missing + 1;
      stalledMs = copy?.sentBytes === sent ? stalledMs + hostTimes.progressMs : 0;
      sent = copy?.sentBytes ?? -1;
    }
    if (isFormed()) return;
    const why =
      machine.lastJoinFailure ??
      (machine.role !== 'alone' ? 'the machine is not live here any more' : null) ??
      (missing > 4 ? `the backup on ${to} ended` : null) ??
      (stalledMs > hostTimes.joinStallMs ? 'the join makes no progress' : null);
    if (why !== null) {
      throw new VmftError('replica-failed', `the backup on ${to} did not join: ${why}`);
    }
  }
}

/** Ends the backup there; resolves when its primary is alone. */
export async function dismissBackup(
  { machine, peers, tell, host }: OperationPlace,
  from: string,
  why: string,
): Promise<void> {
  tell({ step: `the backup on ${from} leaves` });
  const { name, spec } = machine;
  await peers.stopBackup(from, { name, machineId: spec.machineId, why: `${why} (host ${host})` });
  if (await machine.until(() => machine.role === 'alone', hostTimes.handOverMs)) return;
  throw new VmftError(
    'replica-failed',
    `machine ${name} has not noticed within ${hostTimes.handOverMs / 1000} s that its backup left`,
    'vmft status shows what it waits for',
  );
}

const pairLookMs = 50;
