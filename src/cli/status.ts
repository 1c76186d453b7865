import { Command, type OptionValues } from 'commander';

import { VmftError } from '../base/errors.js';
import { systemRandom } from '../flow/world/system-random.js';
import type { FlagEntry } from '../pair/arbiter/arbiter.js';
import { openArbiter } from '../pair/arbiter/open-arbiter.js';
import { diskReportLines } from './disk-report.js';
import { diskReportOf } from './disk.js';
import { parseDiskUrl } from './options/disk.js';
import { printable } from '../base/printable.js';

interface StatusOptions {
  readonly arbiter?: string;
  readonly machineId?: string;
  readonly disk?: string;
  readonly json: boolean;
}

export function statusCommand(): Command {
  return new Command('status')
    .description('what the arbiter knows of machines: generations, and who won them')
    .option('--arbiter <url>', 'file:, iscsi: or etcd: URL, as given to vmft run')
    .option('--machine-id <name>', 'this machine only')
    .option('--disk <url>', 'also who uses this disk', parseDiskUrl)
    .option('--json', 'print one JSON object', false)
    .action((options: OptionValues) => status(options as unknown as StatusOptions));
}

async function status({ arbiter, machineId, disk, json }: StatusOptions): Promise<void> {
  if (arbiter === undefined && disk === undefined) {
    throw new VmftError('usage', 'no arbiter is named', 'give --arbiter URL, or --disk URL');
  }
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
    ...table([
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

function table(rows: readonly string[][]): string[] {
  const columns = rows[0]?.length ?? 0;
  const widths = [...Array(columns).keys()].map((column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd(),
  );
}

function plainNumbers(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
