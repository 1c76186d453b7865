/** Work for a replica on KVM: a recorded run replayed, or the demo's pair. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { VmftError } from '../base/errors.js';
import { ClientProcess } from '../cli/demo/client-process.js';
import type { DemoNetwork } from '../cli/demo/demo-network.js';
import { DemoPair } from '../cli/demo/demo-pair.js';
import { Narrator } from '../cli/demo/narrator.js';
import type { VmftEvent } from '../cli/demo/vmft-process.js';
import { acceleratorWords } from '../cli/options/accelerator.js';
import { mainScript } from '../cli/project-paths.js';
import type { Accelerator, CounterKind, CounterOptions } from '../flow/machine/accelerator.js';
import { positionsIn } from './stop-log.js';
import type { ReplicaWork } from './stop-report.js';
import { timeProcess } from './timed-process.js';

const runMsMax = 20 * 60_000;
const clientMsMax = 60_000;

export interface Workload {
  readonly guest: string;
  readonly append: string;
  readonly counter: CounterOptions;
}

/** Records the guest to its end on KVM and replays the log. */
export async function replayedWork({ guest, append, counter }: Workload): Promise<ReplicaWork> {
  const folder = mkdtempSync(join(tmpdir(), 'vmft-stops-'));
  const log = join(folder, 'run.log');
  const accelerator: Accelerator = { name: 'kvm', counter };
  const words = append === '' ? [] : ['--append', append];
  const vmft = (...options: string[]): ReturnType<typeof timeProcess> =>
    timeProcess(process.execPath, [mainScript, ...options], runMsMax);
  try {
    await vmft('run', guest, ...words, ...acceleratorWords(accelerator), '--record', log);
    const { output } = await vmft('replay', log, '--json', '--counter', counterWord(accelerator));
    const result = JSON.parse(output.trim().split('\n').at(-1) ?? '') as ReplayJson;
    return {
      workload: `replay of ${guest}${append === '' ? '' : ` (${append})`}`,
      counter: counter.kind,
      seconds: result.seconds,
      virtualSeconds: result.virtualSeconds,
      ...result.stops,
      positions: await positionsIn(log),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface ReplayJson {
  readonly seconds: number;
  readonly virtualSeconds: number;
  readonly stops: Pick<ReplicaWork, 'ownExits' | 'exactStops' | 'breakpointHits' | 'stopNs'>;
}

/** The last of acceleratorWords. */
function counterWord(accelerator: Accelerator): string {
  return acceleratorWords(accelerator).at(-1) ?? '';
}

/** The demo's pair and its counting client for `durationMs`, without a kill: what the backup did. */
export async function pairWork(
  network: DemoNetwork,
  arbiterFolder: string,
  memory: string,
  counter: CounterOptions,
  durationMs: number,
): Promise<ReplicaWork> {
  const accelerator: Accelerator = { name: 'kvm', counter };
  const narrator = new Narrator(false, true);
  const pair = await DemoPair.boot({
    network,
    arbiter: `file:${arbiterFolder}`,
    memory,
    narrator,
    accelerator,
  });
  let client: ClientProcess | null = null;
  try {
    await pair.protect();
    client = new ClientProcess(network);
    await client.counting(clientMsMax);
    const from = lastStatus(pair);
    await sleep(durationMs);
    const to = lastStatus(pair);
    return workBetween(from, to, counter.kind);
  } finally {
    client?.kill();
    pair.close();
  }
}

function lastStatus(pair: DemoPair): VmftEvent {
  const status = pair.backup?.events.filter(({ type }) => type === 'status').at(-1);
  if (status === undefined) throw new VmftError('internal', 'the backup shows no status');
  return status;
}

/** What a replica did between two of its `status` events. */
export function workBetween(from: VmftEvent, to: VmftEvent, counter: CounterKind): ReplicaWork {
  const number = (event: VmftEvent, name: string): number => Number(event[name]);
  const stops = (event: VmftEvent, name: string): number =>
    Number((event['stops'] as Record<string, unknown> | null)?.[name]);
  const grown = (name: string): number => stops(to, name) - stops(from, name);
  return {
    workload: 'backup of the demo',
    counter,
    seconds: (to.realtimeMs - from.realtimeMs) / 1e3,
    virtualSeconds: (number(to, 'virtualNs') - number(from, 'virtualNs')) / 1e9,
    ownExits: grown('ownExits'),
    exactStops: grown('exactStops'),
    breakpointHits: grown('breakpointHits'),
    stopNs: grown('stopNs'),
    positions: null,
  };
}
