import { systemRandom } from '../flow/world/system-random.js';
import { printable } from '../base/printable.js';
import type { FlagEntry } from '../pair/arbiter/arbiter.js';
import { openArbiter } from '../pair/arbiter/open-arbiter.js';
import { diskReportLines } from './disk-report.js';
import { diskReportOf } from './disk.js';
import { textTable } from './text-table.js';

/** What storage knows of machines, without any daemon: who won which generation, and who uses a disk. */
export interface StorageQuestion {
  readonly arbiter?: string;
  readonly machineId?: string;
  readonly disk?: string;
  readonly json: boolean;
}

export async function storageStatus(question: StorageQuestion): Promise<void> {
  const { arbiter, machineId, disk, json } = question;
  const known = arbiter === undefined ? null : await readArbiter(arbiter, machineId ?? null);
  const report = disk === undefined ? null : await diskReportOf(disk);
  if (json) {
    console.log(JSON.stringify({ ...known, disk: report }, plainNumbers));
    return;
  }
  const lines = [
    ...(known === null ? [] : arbiterLines(known, machineId ?? null)),
    ...(report === null ? [] : diskReportLines(report)),
  ];
  for (const line of lines) console.log(line);
}

/** What an arbiter knows: the newest machine last, by when its first generation was formed. */
interface Known {
  readonly arbiter: string;
  readonly machines: readonly Machine[];
}

interface Machine {
  readonly machineId: string;
  readonly generations: readonly Generation[];
}

interface Generation {
  readonly generation: bigint;
  readonly formed: Mark | null;
  readonly taken: Mark | null;
}

type Mark = Pick<FlagEntry, 'replicaId' | 'host' | 'at'>;

async function readArbiter(url: string, machineId: string | null): Promise<Known> {
  const arbiter = await openArbiter(url, systemRandom, 'read');
  try {
    return { arbiter: arbiter.url, machines: machinesOf(await arbiter.read(machineId)) };
  } finally {
    arbiter.close();
  }
}

function machinesOf(entries: readonly FlagEntry[]): Machine[] {
  const machines = new Map<string, Map<bigint, Generation>>();
  for (const { kind, machineId, generation, replicaId, host, at } of entries) {
    const generations = machines.get(machineId) ?? new Map<bigint, Generation>();
    machines.set(machineId, generations);
    const known = generations.get(generation) ?? { generation, formed: null, taken: null };
    generations.set(generation, { ...known, [kind]: { replicaId, host, at } });
  }
  return [...machines]
    .map(([machineId, generations]) => ({
      machineId,
      generations: [...generations.values()].sort((a, b) => (a.generation < b.generation ? -1 : 1)),
    }))
    .sort((a, b) => beginning(a).localeCompare(beginning(b)));
}

function beginning({ generations }: Machine): string {
  const [first] = generations;
  return (first?.formed ?? first?.taken)?.at ?? '';
}

function arbiterLines({ arbiter, machines }: Known, machineId: string | null): string[] {
  if (machines.length === 0) {
    const what = machineId === null ? 'no machine' : `no machine ${machineId}`;
    return [`${printable(arbiter)} knows ${what}: no pair was formed with it`];
  }
  return machines.flatMap(({ machineId: name, generations }) => [
    `machine ${printable(name)}`,
    ...textTable([
      ['generation', 'formed', 'by replica', 'on host', 'won', 'by replica', 'on host'],
      ...generations.map(({ generation, formed, taken }) => [
        generation.toString(),
        ...cells(formed, 'no mark'),
        ...cells(taken, 'nobody had to'),
      ]),
    ]),
  ]);
}

function cells(mark: Mark | null, absent: string): string[] {
  if (mark === null) return [absent, '', ''];
  return [mark.at, mark.replicaId.slice(0, shownDigits), mark.host].map(printable);
}

/** Enough of a replica's random name to tell two apart; `--json` has all of it. */
const shownDigits = 8;

function plainNumbers(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
