import { printable } from '../base/printable.js';
import type {
  HostDescription,
  MachineStatus,
  Message,
  ReplicaDescription,
} from '../host/api/methods.js';
import { durationText, mebibytes } from './operation-progress.js';
import { textTable } from './text-table.js';

/** What `vmft status` shows of hosts and machines (docs/host.md says what the words mean). */
export function statusLines(status: Message<'StatusReply'>): string[] {
  return [...hostLines(status.hosts), '', ...machineLines(status.machines, status.hosts)];
}

/** All that is known of one machine. `nowMs`: since 1970. */
export function machineDetailLines(
  machine: MachineStatus,
  hosts: readonly HostDescription[],
  nowMs: number,
): string[] {
  const replicas = replicasOf(machine.name, hosts);
  const spec = replicas.map(({ replica }) => replica.spec).find((each) => each !== null);
  const facts: (readonly [string, string])[] = [
    ['state', stateText(machine, replicas)],
    ['primary', orDash(machine.primary)],
    ['backup', orDash(machine.backup)],
    ['generation', String(machine.generation)],
  ];
  if (spec) {
    const { guest, memoryBytes, hosts: allowed, antiAffinity } = spec;
    facts.push(
      ['guest', guest === null ? '-' : orDash(guest.built === '' ? guest.kernel : guest.built)],
      ['memory', mebibytes(memoryBytes)],
      ['arbiter', orDash(spec.arbiter)],
      ['network', spec.mac === '' ? 'none' : spec.mac],
      ...spec.disks.map(
        ({ url, options }) => ['disk', [url, options].filter(Boolean).join(',')] as const,
      ),
      ['protection', spec.protected ? 'wanted' : 'not wanted'],
      ['may run on', allowed.length === 0 ? 'all hosts' : allowed.join(', ')],
      ...(antiAffinity === '' ? [] : [['kept apart by', antiAffinity] as const]),
      ['machine id', spec.machineId],
    );
  }
  const width = Math.max(...facts.map(([name]) => name.length));
  return [
    `machine ${printable(machine.name)}`,
    ...facts.map(([name, value]) => `  ${name.padEnd(width)}  ${printable(value)}`),
    '',
    ...replicaLines(replicas, nowMs),
  ];
}

interface Placed {
  readonly host: string;
  readonly replica: ReplicaDescription;
}

function hostLines(hosts: readonly HostDescription[]): string[] {
  const rows = hosts.map((host) => {
    const { name, address, unreachable } = host;
    if (unreachable !== '') return [name, address, '-', '-', '-', `no answer: ${unreachable}`];
    const free = mebibytes(host.memoryFreeBytes);
    const labels = Object.entries(host.labels).map(([label, value]) => `${label}=${value}`);
    return [
      name,
      address,
      String(host.replicas.length),
      `${free} of ${mebibytes(host.memoryBytes)}`,
      host.accelerators.join(', '),
      labels.join(' '),
    ];
  });
  return textTable([
    ['host', 'address', 'replicas', 'memory free', 'accelerators', 'labels'],
    ...printableRows(rows),
  ]);
}

function machineLines(
  machines: readonly MachineStatus[],
  hosts: readonly HostDescription[],
): string[] {
  if (machines.length === 0) return ['  no machine'];
  const rows = machines.map((machine) => [
    machine.name,
    stateText(machine, replicasOf(machine.name, hosts)),
    orDash(machine.primary),
    orDash(machine.backup),
    String(machine.generation),
    machine.note,
  ]);
  return textTable([
    ['machine', 'state', 'primary', 'backup', 'generation', 'note'],
    ...printableRows(rows),
  ]);
}

function replicaLines(replicas: readonly Placed[], nowMs: number): string[] {
  const rows = replicas.map(({ host, replica }) => [
    host,
    replica.role,
    orDash(replica.phase),
    replica.sinceRealtimeMs === 0 ? '-' : durationText(nowMs - replica.sinceRealtimeMs),
    orDash(replica.replication),
    orDash(replica.listening),
    [
      replica.operation,
      replica.trouble,
      replica.lastFailure === '' ? '' : `last failure: ${replica.lastFailure}`,
    ]
      .filter((each) => each !== '')
      .join('; '),
  ]);
  return textTable([
    ['host', 'role', 'phase', 'for', 'replication', 'listens on', ''],
    ...printableRows(rows),
  ]);
}

function replicasOf(name: string, hosts: readonly HostDescription[]): Placed[] {
  return hosts.flatMap((host) =>
    host.replicas
      .filter(({ spec }) => spec?.name === name)
      .map((replica) => ({ host: host.name, replica })),
  );
}

/** `unprotected for 12 s`. */
function stateText({ state }: MachineStatus, replicas: readonly Placed[]): string {
  const unprotectedMs = Math.max(0, ...replicas.map(({ replica }) => replica.unprotectedMs));
  const waits = state === 'unprotected' || state === 'protecting';
  return waits && unprotectedMs > 0 ? `${state} for ${durationText(unprotectedMs)}` : state;
}

function orDash(text: string): string {
  return text === '' ? '-' : text;
}

function printableRows(rows: readonly (readonly string[])[]): string[][] {
  return rows.map((row) => row.map(printable));
}
