import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { guestAddress, type DemoNetwork } from '../../src/cli/demo/demo-network.js';
import { DemoPair, type PairOptions } from '../../src/cli/demo/demo-pair.js';
import type { Narrator } from '../../src/cli/demo/narrator.js';
import { mainScript } from '../../src/cli/project-paths.js';
import { ClientsProcess } from './client/clients-process.js';
import type { ClientOrder, WorkloadName } from './client/workload.js';
import {
  checkText,
  databaseGuest,
  postgresPort,
  powerOffMsMax,
  redisPort,
  servicesOf,
} from './guest.js';
import { copyFaults, fileSystemFaults, rootImage } from './images.js';
import type { Nemesis } from './nemesis.js';
import { copyOf, openStorage } from './storage/open-storage.js';
import type { Mode, PairStorage } from './storage/pair-storage.js';

export interface LifePlan {
  readonly mode: Mode;
  readonly workloads: readonly WorkloadName[];
  readonly clientsEach: number;
  readonly nemesis: Nemesis;
  /**
   *   power-off  of a formed pair, by the power button
   *   crash      both replicas are killed at once while the clients work; the guest is started again from its disk
   */
  readonly end: 'power-off' | 'crash';
  /**
   *   old-disk  a canary: after a crash the guest starts from its disk as it was before the last operations, which the
   *             checkers must notice
   */
  readonly plant: 'old-disk' | null;
  readonly seed: number;
  /** No strike is begun after this moment, milliseconds since 1970. */
  readonly untilMs: number;
}

export interface LifeResult {
  readonly strikes: number;
  readonly operations: { readonly ok: number; readonly fail: number; readonly unknown: number };
  readonly longestMs: number;
  readonly takeoverMs: readonly number[];
  /** What is wrong, each in one line. */
  readonly faults: readonly string[];
}

const memory = '256M';
/** A busy test machine is not to look like a dead peer, nor one that stands still while its disk is copied. */
const settings = (plant: LifePlan['plant']): readonly string[] => [
  '--suspect-after',
  plant === null ? '1000' : '30000',
  '--suspect-after-broken',
  '300',
  '--join-timeout',
  '60000',
];
const answerMsMax = 120_000;
const silenceMsMax = 90_000;
const endMsMax = 60_000;

/** One guest's life: boot, a pair, clients, kills, its end, and what is on its disk then. */
export class Life {
  private readonly faults: string[] = [];
  private readonly takeoverMs: number[] = [];
  private strikes = 0;

  constructor(
    private readonly plan: LifePlan,
    private readonly network: DemoNetwork,
    private readonly folder: string,
    private readonly narrator: Narrator,
  ) {}

  async run(): Promise<LifeResult> {
    const { plan, folder } = this;
    const storage = await openStorage(plan.mode, join(folder, 'storage'), rootImage);
    try {
      return await this.live(storage);
    } finally {
      await storage.close();
      rmSync(folder, { recursive: true, force: true });
    }
  }

  private async live(storage: PairStorage): Promise<LifeResult> {
    const { plan, network } = this;
    let pair: DemoPair | null = null;
    let clients: ClientsProcess | null = null;
    try {
      pair = await DemoPair.boot(this.pairOptions(storage, true));
      await pair.protect();
      clients = new ClientsProcess(network.client, this.order(false));
      await this.strikeAll(pair, clients);
      if (plan.end === 'power-off') await this.powerOffPair(pair, clients, storage);
      else await this.crashPair(pair, clients, storage);
    } catch (error) {
      this.faults.push(error instanceof Error ? error.message : String(error));
      if (clients !== null) this.faults.push(...clients.faults().slice(0, 4));
    } finally {
      clients?.kill();
      pair?.close();
    }
    return {
      strikes: this.strikes,
      operations: clients?.counts() ?? { ok: 0, fail: 0, unknown: 0 },
      longestMs: clients?.longestMs() ?? 0,
      takeoverMs: this.takeoverMs,
      faults: this.faults,
    };
  }

  private async strikeAll(pair: DemoPair, clients: ClientsProcess): Promise<void> {
    const { nemesis, untilMs } = this.plan;
    await clients.answered(3, answerMsMax);
    while (this.strikes < nemesis.strikes && Date.now() < untilMs) {
      const survival = await nemesis.strike(pair, this.strikes);
      this.strikes += 1;
      this.takeoverMs.push(Math.round(survival.liveAtMs - survival.suspectedAtMs));
      await clients.answered(3, answerMsMax);
      await pair.protect();
    }
  }

  private async powerOffPair(
    pair: DemoPair,
    clients: ClientsProcess,
    storage: PairStorage,
  ): Promise<void> {
    await clients.finish(answerMsMax);
    this.faults.push(...clients.faults());
    await this.powerOff(pair);
    await pair.backup?.ends(endMsMax);
    if (pair.backup !== null && pair.backup.end !== 'status 0') {
      this.faults.push(`the backup ended with ${pair.backup.end ?? '?'}`);
    }
    this.checkDisks(storage.imagePaths);
    const [one, other] = storage.imagePaths;
    if (one !== undefined && other !== undefined) this.faults.push(...copyFaults(one, other));
  }

  private async crashPair(
    pair: DemoPair,
    clients: ClientsProcess,
    storage: PairStorage,
  ): Promise<void> {
    const { host } = pair.primary;
    const path = storage.imagePaths.length === 1 || host.label === 'a' ? 0 : 1;
    const disk = storage.imagePaths.slice(path, path + 1);
    const old = this.plan.plant === null ? [] : this.oldCopies(pair, disk);
    // What was acknowledged while the disk was copied has been heard of before the next ones count.
    if (old.length > 0) await sleep(1_000);
    await clients.answered(10, answerMsMax);
    pair.close();
    await Promise.all([pair.primary.ends(endMsMax), pair.backup?.ends(endMsMax)]);
    await clients.abandon(endMsMax);
    this.narrator.step('both hosts are killed; the guest starts from its disk');
    for (const image of old) copyOf(image, image.replace(/\.old$/, ''));
    releaseDisk(storage.diskUrl(host));
    const again = await DemoPair.boot(this.pairOptions(storage, false, host.label));
    try {
      const reader = new ClientsProcess(this.network.client, this.order(true));
      await reader.finish(answerMsMax);
      this.faults.push(...clients.faults(reader.finals));
      await this.powerOff(again);
    } finally {
      again.close();
    }
    this.checkDisks(disk);
  }

  /** Of one moment: of a disk that changes meanwhile the guest's file systems could not be read. */
  private oldCopies({ primary }: DemoPair, disks: readonly string[]): readonly string[] {
    primary.freeze();
    try {
      return disks.map((image) => copyOf(image, `${image}.old`));
    } finally {
      primary.thaw();
    }
  }

  /** By its button; the databases check their files. */
  private async powerOff(pair: DemoPair): Promise<void> {
    const services = servicesOf(this.plan.workloads);
    const { primary } = pair;
    primary.pressPowerButton();
    const end = await primary.ends(powerOffMsMax(services));
    if (end !== 'status 0') this.faults.push(`the primary ended with ${end}`);
    for (const service of services) {
      if (primary.console.includes(checkText(service))) continue;
      const said = primary.console.trim().split('\n').slice(-6).join(' / ');
      this.faults.push(`no "${checkText(service)}" on the console: ${said}`);
    }
    this.narrator.step('the guest is powered off, its databases have checked their files');
  }

  private checkDisks(paths: readonly string[]): void {
    this.faults.push(...paths.flatMap(fileSystemFaults));
  }

  private pairOptions(storage: PairStorage, strikes: boolean, label = 'a'): PairOptions {
    const { network, narrator } = this;
    return {
      network: label === 'a' ? network : { ...network, a: network.b, other: () => network.a },
      arbiter: storage.arbiter,
      memory,
      narrator,
      settings: settings(this.plan.plant),
      guest: databaseGuest(servicesOf(this.plan.workloads)),
      replicaWords: (host, role) => [
        ...storage.replicaWords(host, role),
        ...(strikes ? this.plan.nemesis.words(host, role) : []),
      ],
    };
  }

  private order(readOnly: boolean): ClientOrder {
    const { workloads, clientsEach, seed } = this.plan;
    return {
      host: guestAddress,
      postgresPort,
      redisPort,
      workloads: workloads.map((name) => ({ name, clients: clientsEach })),
      seed,
      readOnly,
      pauseMs: 2,
      silenceMsMax,
    };
  }
}

/** As an administrator does for a disk whose machine is known to be gone. */
function releaseDisk(url: string): void {
  const command = [mainScript, 'disk', 'release', url];
  const result = spawnSync(process.execPath, command, { encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`vmft disk release: ${result.stderr.trim()}`);
}
