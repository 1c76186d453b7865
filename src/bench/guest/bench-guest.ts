/** A guest that is run alone and as a pair by turns, on the hosts of the demo. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { VmftError } from '../../base/errors.js';
import {
  guestAddressOf,
  guestPrefixBits,
  tapNameOf,
  type DemoHost,
  type DemoNetwork,
} from '../../cli/demo/demo-network.js';
import { VmftProcess, type VmftEvent } from '../../cli/demo/vmft-process.js';
import { acceleratorWords } from '../../cli/options/accelerator.js';
import { defaultChannelPort } from '../../cli/options/channel-address.js';
import { softAccelerator, type Accelerator } from '../../flow/machine/accelerator.js';
import { systemClock } from '../../flow/world/system-clock.js';
import type { ReplicationChoice } from '../../pair/role/replication-choice.js';
import { guestMemoryMiB, type GuestPlan } from './guest-plan.js';
import { cpuTimeMs, overheadBytes, type OfBoth } from './process-cost.js';

const bootMsMaxUsual = 120_000;
const changeMsMax = 60_000;
/** Five times what a MiB takes on busy processors. */
const joinMsMaxPerMiB = 200;
/** Some turns are hardly longer than a second. */
const usualStatusMs = 200;
const statusMsMax = 20_000;

/** How a guest is run, whatever it does. */
export interface GuestSetting {
  /** Left out: soft. */
  readonly accelerator?: Accelerator;
  /** Left out: auto. */
  readonly replication?: ReplicationChoice;
  /** Of several guests at once: 0, 1 …; those from 1 on need a tap (DemoNetwork.addTap). Left out: 0. */
  readonly number?: number;
  /** Between the status lines of a replica, milliseconds. Left out: 200. */
  readonly statusEveryMs?: number;
}

/** What it took to protect a guest. */
export interface Join {
  /** From the backup's start to the formed pair, by this host's clock. */
  readonly joinMs: number;
  /** Of the guest. */
  readonly pauseMs: number;
  /** replay or checkpoint. */
  readonly replication: string;
}

export class BenchGuest {
  private backup: VmftProcess | null = null;
  readonly primary: VmftProcess;
  readonly address: string;
  readonly memoryMiB: number;

  private constructor(
    private readonly network: DemoNetwork,
    private readonly plan: GuestPlan,
    private readonly setting: GuestSetting,
    private readonly arbiterFolder: string,
  ) {
    this.address = guestAddressOf(this.number);
    this.memoryMiB = plan.memoryMiB ?? guestMemoryMiB;
    const words = `vmft.ip=${this.address}/${guestPrefixBits} ${plan.words}`;
    this.primary = new VmftProcess(network.a, [
      ...['run', 'debian', '--memory', `${this.memoryMiB}M`, '--append', words],
      ...plan.primaryOptions,
      ...this.replicaOptions(network.a),
    ]);
  }

  /** Resolves when the guest is at work, unprotected. */
  static async boot(
    network: DemoNetwork,
    plan: GuestPlan,
    setting: GuestSetting = {},
  ): Promise<BenchGuest> {
    const folder = mkdtempSync(join(tmpdir(), 'vmft-bench-'));
    const guest = new BenchGuest(network, plan, setting, folder);
    try {
      await guest.primary.consoleText(plan.atWork, plan.bootMsMax ?? bootMsMaxUsual);
    } catch (error) {
      guest.close();
      throw error;
    }
    return guest;
  }

  async protect(): Promise<Join> {
    const { network, primary } = this;
    const before = primary.events.length;
    const fromMs = systemClock.realtimeMs();
    const backup = new VmftProcess(network.b, [
      ...['backup', `${network.a.address}:${this.port}`],
      ...this.plan.backupOptions(),
      ...this.replicaOptions(network.b),
    ]);
    this.backup = backup;
    const formMsMax = changeMsMax + this.memoryMiB * joinMsMaxPerMiB;
    await backup.event('formed', formMsMax);
    const formed = await primary.eventAfter(before, 'formed', formMsMax);
    return {
      joinMs: Math.round(systemClock.realtimeMs() - fromMs),
      pauseMs: Number(formed['pauseMs']),
      replication: String(formed['replication']),
    };
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

  /** The primary's newest status line. */
  status(): VmftEvent {
    const found = this.primary.events.findLast((event) => event.type === 'status');
    if (found === undefined) throw new VmftError('internal', 'the primary gave no status');
    return found;
  }

  /** The next of these lines. */
  nextStatus(): Promise<VmftEvent> {
    return this.primary.eventAfter(this.primary.events.length, 'status', statusMsMax);
  }

  /** CPU time used so far, milliseconds. */
  cpuTimeMs(): OfBoth {
    return this.ofBoth((process) => cpuTimeMs(process.processId));
  }

  overheadBytes(): OfBoth {
    return this.ofBoth((process) => overheadBytes(process.processId, this.memoryMiB * 2 ** 20));
  }

  close(): void {
    this.primary.kill();
    this.backup?.kill();
    rmSync(this.arbiterFolder, { recursive: true, force: true });
  }

  private get number(): number {
    return this.setting.number ?? 0;
  }

  private get port(): number {
    return defaultChannelPort + this.number;
  }

  private replicaOptions(host: DemoHost): string[] {
    const { accelerator = softAccelerator, replication = 'auto' } = this.setting;
    const { statusEveryMs = usualStatusMs } = this.setting;
    const tap = `tap=${tapNameOf(this.number)}`;
    return [
      ...['--listen', `${host.address}:${this.port}`, '--arbiter', `file:${this.arbiterFolder}`],
      ...['--net', host.label === 'a' ? `${tap},mac=${macOf(this.number)}` : tap],
      ...acceleratorWords(accelerator),
      ...['--replication', replication, '--status-every', String(statusEveryMs)],
    ];
  }

  private ofBoth(measure: (process: VmftProcess) => number): OfBoth {
    const { primary, backup } = this;
    if (backup === null) throw new VmftError('internal', 'bug: there is no pair to measure');
    return { primary: measure(primary), backup: measure(backup) };
  }
}

/** The same in each boot, so that the client's neighbour table stays right. */
function macOf(number: number): string {
  return `02:00:00:00:00:${(2 + number).toString(16).padStart(2, '0')}`;
}
