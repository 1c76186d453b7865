/** A guest that is run alone and as a pair by turns, on the hosts of the demo. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { VmftError } from '../base/errors.js';
import {
  counterPort,
  guestAddress,
  guestPrefixBits,
  tapName,
  type DemoHost,
  type DemoNetwork,
} from '../cli/demo/demo-network.js';
import { VmftProcess, type VmftEvent } from '../cli/demo/vmft-process.js';
import { cpuTimeMs, overheadBytes } from './pair-process.js';
import type { OfBoth } from './pair-report.js';

export const guestMemoryMiB = 256;
/** The same in each boot, so that the client's neighbour table stays right. */
const guestMac = '02:00:00:00:00:02';
const bootMsMax = 120_000;
const changeMsMax = 60_000;

export type GuestMode = 'spin' | 'demo' | 'writer';

/** What each mode's console shows once it is at work. */
const atWork: Readonly<Record<GuestMode, string>> = {
  spin: ' a second',
  demo: 'vmft-guest: counter on port',
  writer: 'writer: at work',
};

/**
 * Writes four MiB of its memory, which do not compress, over and over, and counts for clients. `pauseMs` between two times; 0: as
 * fast as it can.
 */
export function writerWords(pauseMs: number): string {
  // From two sources in turn: a page that is written with what it held already has not changed.
  const copy = 'dd if=/tmp/$from of=/tmp/to bs=64k conv=notrunc 2>/dev/null';
  const pause = pauseMs === 0 ? '' : `usleep ${pauseMs * 1000}; `;
  const script = [
    `counter ${counterPort} &`,
    'for from in a b; do dd if=/dev/urandom of=/tmp/$from bs=64k count=64 2>/dev/null; done;',
    'echo writer: at work;',
    `while :; do for from in a b; do ${copy}; ${pause}done; done`,
  ].join(' ');
  return `vmft.mode=run -- sh -c "${script}"`;
}

/** What a guest is beyond the kernel and the network. */
export interface GuestPlan {
  /** Of its command line. */
  readonly words: string;
  /** What the console shows once it is at work. */
  readonly atWork: string;
  readonly primaryOptions: readonly string[];
  /** Asked at each join. */
  readonly backupOptions: () => readonly string[];
}

export function planOfMode(mode: GuestMode): GuestPlan {
  return {
    words: mode === 'writer' ? writerWords(0) : `vmft.mode=${mode} vmft.port=${counterPort}`,
    atWork: atWork[mode],
    primaryOptions: [],
    backupOptions: () => [],
  };
}

export class BenchGuest {
  private backup: VmftProcess | null = null;

  private constructor(
    private readonly network: DemoNetwork,
    private readonly plan: GuestPlan,
    private readonly arbiterFolder: string,
    readonly primary: VmftProcess,
  ) {}

  /** Resolves when the guest is at work, unprotected. */
  static async boot(network: DemoNetwork, plan: GuestPlan): Promise<BenchGuest> {
    const folder = mkdtempSync(join(tmpdir(), 'vmft-bench-'));
    const words = `vmft.ip=${guestAddress}/${guestPrefixBits} ${plan.words}`;
    const primary = new VmftProcess(network.a, [
      ...['run', 'debian', '--memory', `${guestMemoryMiB}M`, '--append', words],
      ...plan.primaryOptions,
      ...replicaOptions(network.a, folder),
    ]);
    const guest = new BenchGuest(network, plan, folder, primary);
    try {
      await primary.consoleText(plan.atWork, bootMsMax);
    } catch (error) {
      guest.close();
      throw error;
    }
    return guest;
  }

  async protect(): Promise<void> {
    const { network, primary } = this;
    const before = primary.events.length;
    const backup = new VmftProcess(network.b, [
      ...['backup', network.a.address],
      ...this.plan.backupOptions(),
      ...replicaOptions(network.b, this.arbiterFolder),
    ]);
    this.backup = backup;
    await backup.event('formed', changeMsMax);
    await primary.eventAfter(before, 'formed', changeMsMax);
  }

  /** Of the pair that is formed. */
  get partner(): VmftProcess {
    if (this.backup === null) throw new VmftError('internal', 'bug: there is no pair');
    return this.backup;
  }

  /** Ends the backup; resolves when the primary goes on alone. */
  async unprotect(): Promise<void> {
    const before = this.primary.events.length;
    this.backup?.kill();
    await this.primary.eventAfter(before, 'backup-lost', changeMsMax);
    await this.backup?.ends(changeMsMax);
    this.backup = null;
  }

  /** The newest of the lines that a primary writes five times a second. */
  status(): VmftEvent {
    const found = this.primary.events.findLast((event) => event.type === 'status');
    if (found === undefined) throw new VmftError('internal', 'the primary gave no status');
    return found;
  }

  /** CPU time used so far, milliseconds. */
  cpuTimeMs(): OfBoth {
    return this.ofBoth((process) => cpuTimeMs(process.processId));
  }

  overheadBytes(): OfBoth {
    return this.ofBoth((process) => overheadBytes(process.processId, guestMemoryMiB * 2 ** 20));
  }

  close(): void {
    this.primary.kill();
    this.backup?.kill();
    rmSync(this.arbiterFolder, { recursive: true, force: true });
  }

  private ofBoth(measure: (process: VmftProcess) => number): OfBoth {
    const { primary, backup } = this;
    if (backup === null) throw new VmftError('internal', 'bug: there is no pair to measure');
    return { primary: measure(primary), backup: measure(backup) };
  }
}

function replicaOptions(host: DemoHost, arbiterFolder: string): string[] {
  return [
    ...['--listen', host.address, '--arbiter', `file:${arbiterFolder}`],
    ...['--net', host.label === 'a' ? `tap=${tapName},mac=${guestMac}` : `tap=${tapName}`],
  ];
}
