import type { HostDescription, MachineStatus, ReplicaDescription } from '../api/methods.js';
import { isLive } from '../machine/machine-record.js';

/** A replica, and the host that told of it. */
interface Seen {
  readonly host: string;
  readonly replica: ReplicaDescription;
}

/**
 * What the cluster's machines are doing, from what each host says of its own replicas. Hosts that do not answer say
 * nothing: what may be there is in the notes.
 */
export function machineStatuses(hosts: readonly HostDescription[]): MachineStatus[] {
  const byName = new Map<string, Seen[]>();
  for (const host of hosts) {
    for (const replica of host.replicas) {
      const name = replica.spec?.name ?? '';
      byName.set(name, [...(byName.get(name) ?? []), { host: host.name, replica }]);
    }
  }
  const silent = hosts.filter(({ unreachable }) => unreachable !== '').map(({ name }) => name);
  return [...byName]
    .map(([name, seen]) => machineStatus(name, seen, silent))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

export function machineStatus(
  name: string,
  seen: readonly Seen[],
  silent: readonly string[],
): MachineStatus {
  const newestFirst = [...seen].sort((a, b) => byNewest(a.replica, b.replica));
  const live = newestFirst.find(({ replica }) => isLive(replica.role));
  const generation = newestFirst[0]?.replica.generation ?? 0;
  const status = (fields: Partial<MachineStatus>): MachineStatus => ({
    name,
    state: 'lost',
    primary: '',
    backup: '',
    note: '',
    generation: live?.replica.generation ?? generation,
    ...fields,
  });
  if (live !== undefined) return status(liveStatus(live, newestFirst, silent));
  return status(deadStatus(newestFirst, silent));
}

function liveStatus(
  live: Seen,
  seen: readonly Seen[],
  silent: readonly string[],
): Partial<MachineStatus> {
  const { replica, host } = live;
  const others = seen.filter((each) => each !== live && sameMachine(each, live));
  const backup = others.find(({ replica: { role } }) => role === 'backup')?.host ?? '';
  const joining = others.find(({ replica: { role } }) => role === 'joining' || role === 'starting');
  const second = seen.find((each) => each !== live && isLive(each.replica.role));
  const notes = [
    replica.operation,
    replica.trouble,
    second === undefined ? '' : `${second.host} has not heard yet that it is over there`,
  ];
  // Until the backup has heard of the pair it would not take over (failover table, B2).
  const isPaired = replica.role === 'primary' && (backup !== '' || joining === undefined);
  if (isPaired) {
    const gone = backup === '' && silent.length === 0;
    if (gone) notes.push('its backup is gone');
    else if (backup === '') {
      notes.push(`its backup is on ${silent.join(' or ')}, which does not answer`);
    }
    const state = gone ? 'unprotected' : 'protected';
    return { state, primary: host, backup, note: noteOf(notes) };
  }
  if (joining !== undefined) {
    return { state: 'protecting', primary: host, backup: joining.host, note: noteOf(notes) };
  }
  notes.push(replica.spec?.protected === true ? replica.lastFailure : 'protection is not wanted');
  return { state: 'unprotected', primary: host, note: noteOf(notes) };
}

function deadStatus(seen: readonly Seen[], silent: readonly string[]): Partial<MachineStatus> {
  const backup = seen.find(({ replica: { role } }) => role === 'backup');
  if (backup !== undefined) {
    const { host, replica } = backup;
    // Its daemon is away, but the backup still hears the primary.
    if (silent.length > 0 && replica.phase === 'following') {
      const note = `its primary lives, on ${silent.join(' or ')}, which does not answer`;
      return { state: 'protected', backup: host, note: noteOf([note, replica.trouble]) };
    }
    return { state: 'failing-over', backup: host, note: noteOf([replica.trouble]) };
  }
  const starting = seen.find(({ replica: { role } }) => role === 'starting');
  if (starting !== undefined) {
    return { state: 'starting', primary: starting.host };
  }
  const lost = seen.find(({ replica: { role } }) => role === 'lost' || role === 'joining');
  if (lost !== undefined) {
    const where =
      silent.length > 0 ? [`may be on ${silent.join(' or ')}, which does not answer`] : [];
    return { state: 'lost', note: noteOf([lost.replica.trouble, ...where]) };
  }
  return { state: 'stopped', note: noteOf(seen.map(({ replica }) => replica.trouble)) };
}

/**
 * The newer generation first. Of two in the same one, who is alone has won it; the other, frozen or cut off, has not
 * heard of that.
 */
export function byNewest(
  a: Pick<ReplicaDescription, 'generation' | 'role'>,
  b: Pick<ReplicaDescription, 'generation' | 'role'>,
): number {
  const isAlone = ({ role }: { readonly role: string }): number => (role === 'alone' ? 1 : 0);
  return b.generation - a.generation || isAlone(b) - isAlone(a);
}

function sameMachine(a: Seen, b: Seen): boolean {
  return a.replica.spec?.machineId === b.replica.spec?.machineId;
}

function noteOf(notes: readonly string[]): string {
  return [...new Set(notes)].filter((note) => note !== '').join('; ');
}
