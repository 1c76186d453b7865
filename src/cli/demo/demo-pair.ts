import { VmftError } from '../../base/errors.js';
import { softAccelerator, type Accelerator } from '../../flow/machine/accelerator.js';
import type { ReplicationChoice } from '../../pair/role/replication-choice.js';
import { acceleratorWords } from '../options/accelerator.js';
import {
  counterPort,
  guestAddress,
  guestPrefixBits,
  tapName,
  type DemoHost,
  type DemoPlace,
} from './demo-network.js';
import type { Narrator } from './narrator.js';
import { VmftProcess, type VmftEvent } from './vmft-process.js';

const bootMsMax = 300_000;
const formMsMax = 60_000;
const failoverMsMax = 60_000;
/** Between kills there are a few seconds, and the log's rate is told by these lines. */
const statusEveryMs = 200;
/** The same in each run, so that the client's neighbour table stays right. */
const guestMac = '02:00:00:00:00:02';

export interface PairOptions {
  readonly network: DemoPlace;
  /** URL of the arbiter. */
  readonly arbiter: string;
  readonly memory: string;
  /** Of both replicas. Left out: soft. */
  readonly accelerator?: Accelerator;
  /** Left out: auto. */
  readonly replication?: ReplicationChoice;
  readonly narrator: Narrator;
  /** Further options of both replicas. */
  readonly settings?: readonly string[];
  /** What is run; left out: the demo's guest, a counter. */
  readonly guest?: PairGuest;
  /** Further options of a replica on this host. */
  readonly replicaWords?: (host: DemoHost, role: 'primary' | 'backup') => readonly string[];
  /** How many times slower than a usual one these hosts may be: multiplies the time limits. */
  readonly slowness?: number;
  /** Told at each join by what the pair is replicated. */
  readonly onFormed?: (replication: string) => void;
}

/** A guest that a pair runs. */
export interface PairGuest {
  /** As people call it. */
  readonly name: string;
  /** Of `vmft run`, behind `run`. */
  readonly words: readonly string[];
  /** What its console shows when it serves. */
  readonly servesText: string;
}

/** What survived a kill, and when. */
export interface Survival {
  readonly suspectedAtMs: number;
  /** When outputs left again. */
  readonly liveAtMs: number;
}

/** A machine on two hosts: whoever of the two is alive. */
export class DemoPair {
  private constructor(
    private readonly options: PairOptions,
    public primary: VmftProcess,
    public backup: VmftProcess | null,
  ) {}

  /** Boots the guest on host a; resolves when its counter serves. */
  static async boot(options: PairOptions): Promise<DemoPair> {
    const { narrator, network, accelerator = softAccelerator } = options;
    const host = network.a;
    const guest = options.guest ?? counterGuest;
    narrator.step(
      `host a starts the guest: ${guest.name}, ${options.memory} of memory, CPU ${cpuBy[accelerator.name]}`,
    );
    let serves = false;
    const primary = new VmftProcess(
      host,
      [
        ...['run', ...guest.words, '--memory', options.memory],
        ...commonOptions(host, 'primary', options),
      ],
      (event) => {
        if (!serves) showBoot(narrator, event, tickName[accelerator.name]);
      },
    );
    const pair = new DemoPair(options, primary, null);
    try {
      await primary.consoleText(guest.servesText, limit(options, bootMsMax));
      serves = true;
    } catch (error) {
      primary.kill();
      throw error;
    }
    const where = guest === counterGuest ? ` ${counterPort} of ${guestAddress}` : '';
    narrator.step(`guest │ ${guest.servesText.replace('vmft-guest: ', '')}${where}`);
    return pair;
  }

  /** Starts a backup on the other host; resolves when the pair is formed. */
  async protect(): Promise<void> {
    const { network, narrator } = this.options;
    const host = network.other(this.primary.host);
    const formedBefore = this.primary.events.length;
    narrator.step(`host ${host.label} joins as the backup`);
    this.backup = new VmftProcess(host, [
      'backup',
      this.primary.host.address,
      ...commonOptions(host, 'backup', this.options),
    ]);
    const formMs = limit(this.options, formMsMax);
    await this.backup.event('formed', formMs);
    const formed = await this.primary.eventAfter(formedBefore, 'formed', formMs);
    const replication = String(formed['replication']);
    this.options.onFormed?.(replication);
    narrator.step(`the pair protects the machine, by ${replication}`);
  }

  /** The other one has ended by itself. */
  goesOn(survivor: VmftProcess): void {
    this.primary = survivor;
    this.backup = null;
  }

  /** SIGKILL to one of the two; the other is the primary from then on. Returns when. */
  kill(victim: 'primary' | 'backup'): number {
    const { primary, backup } = this;
    if (backup === null) throw new VmftError('internal', 'bug: there is no pair to kill one of');
    this.backup = null;
    if (victim === 'backup') return backup.kill();
    this.primary = backup;
    return primary.kill();
  }

  /** Resolves when the survivor of a kill is alone and live. */
  async survived(victim: 'primary' | 'backup', eventsBefore: number): Promise<Survival> {
    const { primary } = this;
    const type = victim === 'primary' ? 'live' : 'backup-lost';
    const failoverMs = limit(this.options, failoverMsMax);
    const live = await primary.eventAfter(eventsBefore, type, failoverMs);
    const suspected = await primary.eventAfter(eventsBefore, 'suspected', failoverMs);
    return { suspectedAtMs: suspected.realtimeMs, liveAtMs: live.realtimeMs };
  }

  close(): void {
    this.primary.kill();
    this.backup?.kill();
  }
}

function limit({ slowness = 1 }: PairOptions, usualMs: number): number {
  return usualMs * slowness;
}

const counterGuest: PairGuest = {
  name: 'Debian’s kernel',
  words: [
    'debian',
    '--append',
    `vmft.mode=demo vmft.ip=${guestAddress}/${guestPrefixBits} vmft.port=${counterPort}`,
  ],
  servesText: 'vmft-guest: counter on port',
};

function commonOptions(
  host: DemoHost,
  role: 'primary' | 'backup',
  options: PairOptions,
): readonly string[] {
  const net = `tap=${tapName}${role === 'primary' ? `,mac=${guestMac}` : ''}`;
  return [
    ...['--status-every', String(statusEveryMs)],
    ...['--listen', host.address, '--arbiter', options.arbiter, '--net', net],
    ...acceleratorWords(options.accelerator ?? softAccelerator),
    ...['--replication', options.replication ?? 'auto'],
    ...(options.settings ?? []),
    ...(options.replicaWords?.(host, role) ?? []),
  ];
}

const cpuBy = { soft: 'in software', kvm: 'by KVM' } as const;
const tickName = { soft: 'instructions', kvm: 'branches' } as const;

function showBoot(narrator: Narrator, event: VmftEvent, tickNames: string): void {
  if (event.type !== 'status') return;
  const { ticks } = (event['position'] ?? { ticks: 0 }) as { ticks: number };
  narrator.progress(`booting: ${Math.round(ticks / 1e6)} million ${tickNames}`);
}
