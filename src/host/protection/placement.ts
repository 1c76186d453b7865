import type { HostDescription } from '../api/methods.js';
import { mayHave, type MachineSpec } from '../machine/machine-spec.js';

/** Who may get a replica, and why others may not. */
export interface Placement {
  /** Names, the best first. */
  readonly candidates: readonly string[];
  readonly refusals: readonly Refusal[];
}

export interface Refusal {
  readonly host: string;
  readonly why: string;
}

export interface PlacementQuestion {
  readonly spec: Pick<
    MachineSpec,
    'name' | 'memoryBytes' | 'hosts' | 'antiAffinity' | 'accelerator'
  >;
  /** The host that has the machine live: it gets no second replica. */
  readonly primary: Pick<HostDescription, 'name' | 'labels' | 'vmft'>;
  /** All others, as they answered. */
  readonly hosts: readonly HostDescription[];
  /** Only this one; empty: any. */
  readonly only: string;
}

/**
 * Where a machine's backup may go: allowed by the machine, on another host by its label, with the same build, with the
 * machine's accelerator, and with the memory. A host where a backup joins already comes first (this daemon may be
 * new), then the most free memory, then the name, so that equal questions have equal answers.
 */
export function placeBackup(question: PlacementQuestion): Placement {
  const { hosts, only } = question;
  const refusals: Refusal[] = [];
  const candidates: HostDescription[] = [];
  for (const host of hosts) {
    const why = only !== '' && host.name !== only ? null : refusalOf(host, question);
    if (only !== '' && host.name !== only) continue;
    if (why === null) candidates.push(host);
    else refusals.push({ host: host.name, why });
  }
  if (only !== '' && !hosts.some(({ name }) => name === only)) {
    refusals.push({ host: only, why: 'is no host of this cluster, or has the machine' });
  }
  candidates.sort(
    (a, b) =>
      Number(isJoining(b, question.spec.name)) - Number(isJoining(a, question.spec.name)) ||
      b.memoryFreeBytes - a.memoryFreeBytes ||
      (a.name < b.name ? -1 : 1),
  );
  return { candidates: candidates.map(({ name }) => name), refusals };
}

/** Reasons in one line: "b has 100 MiB left; c does not answer". */
export function refusalsText(refusals: readonly Refusal[]): string {
  if (refusals.length === 0) return 'there is no other host';
  return refusals.map(({ host, why }) => `${host} ${why}`).join('; ');
}

/** Why this host cannot have a replica of the machine; null: it can. */
export function refusalOf(
  host: HostDescription,
  { spec, primary }: Pick<PlacementQuestion, 'spec' | 'primary'>,
): string | null {
  if (host.name === primary.name) return 'has the machine';
  if (!mayHave(spec, host.name)) return 'is not among the hosts that may have the machine';
  if (host.unreachable !== '') return `does not answer (${host.unreachable})`;
  if (host.vmft !== primary.vmft) {
    return `runs another vmft (${host.vmft}, and ${primary.name} ${primary.vmft})`;
  }
  const label = spec.antiAffinity;
  if (label !== '') {
    const [theirs, ours] = [host.labels[label], primary.labels[label]];
    if (theirs === undefined) return `has no label "${label}"`;
    if (theirs === ours) return `has the same ${label} (${theirs}) as ${primary.name}`;
  }
  if (!host.accelerators.includes(spec.accelerator)) return `cannot run ${spec.accelerator}`;
  const freed = ownReplicaBytes(host, spec.name);
  if (host.memoryFreeBytes + freed < spec.memoryBytes) {
    return `has ${mib(host.memoryFreeBytes + freed)} left for guests, and the machine takes ${mib(spec.memoryBytes)}`;
  }
  return null;
}

function isJoining(host: HostDescription, machine: string): boolean {
  return host.replicas.some(({ spec, role }) => spec?.name === machine && role === 'joining');
}

/** A dead replica of the same machine makes room for the new one. */
function ownReplicaBytes(host: HostDescription, machine: string): number {
  return host.replicas
    .filter(({ spec, role }) => spec?.name === machine && takesMemory(role))
    .reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
}

/** A role as a host tells it: whether there is a process. */
export function takesMemory(role: string): boolean {
  return role !== 'lost' && role !== 'stopped';
}

function mib(bytes: number): string {
  return `${Math.floor(bytes / 2 ** 20)} MiB`;
}
