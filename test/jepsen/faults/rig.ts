import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

import {
  guestAddress,
  type DemoHost,
  type DemoNetwork,
} from '../../../src/cli/demo/demo-network.js';
import { DemoPair } from '../../../src/cli/demo/demo-pair.js';
import type { Narrator } from '../../../src/cli/demo/narrator.js';
import type { VmftProcess } from '../../../src/cli/demo/vmft-process.js';
import { mainScript } from '../../../src/cli/project-paths.js';
import { ClientsProcess } from '../client/clients-process.js';
import { checkText, databaseGuest, postgresPort, powerOffMsMax, redisPort } from '../guest.js';
import { fileSystemFaults } from '../images.js';
import { inGuest } from './guest-shell.js';

/** What a rig needs of storage. */
export interface RigStorage {
  readonly arbiter: string;
  replicaWords(host: DemoHost, role: 'primary' | 'backup'): readonly string[];
}

const memory = '192M';
const settings = [
  ...['--suspect-after', '1000', '--suspect-after-broken', '300'],
  ...['--join-timeout', '60000', '--arbiter-timeout', '1000'],
];
const answerMsMax = 60_000;
const shellMsMax = 60_000;
const endMsMax = 60_000;
const exitStatusArbitrationLost = 'status 48';
/** Longer than any fault lasts, shorter than the test. */
const silenceMsMax = 120_000;

interface Mark {
  readonly replicaId: string;
}
interface KnownFlags {
  readonly machines: readonly {
    readonly machineId: string;
    readonly generations: readonly {
      readonly generation: number | string;
      readonly taken: Mark | null;
    }[];
  }[];
}

/** A pair whose guest inserts into a Redis that syncs each write, while storage fails. Judged from outside. */
export class Rig {
  private constructor(
    readonly network: DemoNetwork,
    private readonly storage: RigStorage,
    readonly narrator: Narrator,
    readonly pair: DemoPair,
    readonly clients: ClientsProcess,
  ) {}

  /** Boots, protects, and has clients work; then runs the scenarios, and checks what is left of it all. */
  static async with(
    network: DemoNetwork,
    storage: RigStorage,
    narrator: Narrator,
    scenarios: (rig: Rig) => Promise<void>,
  ): Promise<void> {
    const pair = await DemoPair.boot({
      ...{ network, narrator, memory, settings, arbiter: storage.arbiter },
      guest: databaseGuest(['redis']),
      replicaWords: (host, role) => storage.replicaWords(host, role),
    });
    let clients: ClientsProcess | null = null;
    try {
      await pair.protect();
      clients = new ClientsProcess(network.client, {
        ...{ host: guestAddress, postgresPort, redisPort, seed: 1, readOnly: false },
        workloads: [
          { name: 'redis-set', clients: 2 },
          { name: 'redis-bank', clients: 1 },
        ],
        ...{ pauseMs: 5, silenceMsMax },
      });
      const rig = new Rig(network, storage, narrator, pair, clients);
      await rig.works();
      await scenarios(rig);
    } finally {
      clients?.kill();
      pair.close();
    }
  }

  /** Each client is answered again. */
  async works(): Promise<void> {
    await this.clients.answered(3, answerMsMax);
  }

  /** The backup has executed all that the primary has by now. */
  async caughtUp(): Promise<void> {
    const { primary, backup } = this.pair;
    await primary.eventAfter(primary.events.length, 'status', answerMsMax);
    const wanted = ticksOf(primary);
    for (const end = Date.now() + answerMsMax; backup !== null && ticksOf(backup) < wanted;) {
      assert.ok(Date.now() < end, 'the backup executes what the primary has');
      await backup.eventAfter(backup.events.length, 'status', answerMsMax);
    }
  }

  /** Nothing is acknowledged for `ms`, but for what was on its way. */
  async silent(ms: number): Promise<void> {
    await sleep(1_000);
    const { acknowledged } = this.clients;
    await sleep(ms);
    assert.equal(this.clients.acknowledged, acknowledged, 'nothing is acknowledged meanwhile');
  }

  /** The replica neither ended nor went live since `eventsBefore`. */
  waits(replica: VmftProcess, eventsBefore: number): void {
    assert.equal(replica.end, null, `host ${replica.host.label} waits`);
    const live = replica.events.slice(eventsBefore).some(({ type }) => type === 'live');
    assert.ok(!live, `host ${replica.host.label} is not live`);
  }

  /** SIGKILL to the primary; the backup is left to go live. Returns it. */
  killPrimary(): VmftProcess {
    this.pair.kill('primary');
    return this.pair.primary;
  }

  /** Both replicas decide: one goes on and is answered, the other ends. */
  async exactlyOne(): Promise<VmftProcess> {
    const { primary, backup } = this.pair;
    assert.ok(backup !== null);
    const formed = Number(primary.events.findLast(({ type }) => type === 'formed')?.['generation']);
    const loser = await Promise.race([
      primary.ends(endMsMax).then(() => primary),
      backup.ends(endMsMax).then(() => backup),
    ]);
    const survivor = loser === primary ? backup : primary;
    assert.equal(loser.end, exitStatusArbitrationLost);
    assert.equal(survivor.end, null);
    this.pair.goesOn(survivor);
    await this.works();
    assert.equal(this.winner(formed), replicaOf(survivor), 'the flag names the survivor');
    this.narrator.step(`   host ${survivor.host.label} goes on alone, the other has ended`);
    return survivor;
  }

  /** Who won a generation, as `vmft status` reads it from the arbiter. */
  winner(generation: number): string | null {
    const machineId = String(
      this.pair.primary.events.findLast(({ type }) => type === 'status')?.['machineId'],
    );
    const words = [
      'status',
      '--arbiter',
      this.storage.arbiter,
      '--machine-id',
      machineId,
      '--json',
    ];
    const result = spawnSync(process.execPath, [mainScript, ...words], { encoding: 'utf8' });
    assert.equal(result.status, 0, result.stderr);
    const known = JSON.parse(result.stdout) as KnownFlags;
    const flags = known.machines.flatMap(({ generations }) => generations);
    return flags.find((flag) => Number(flag.generation) === generation)?.taken?.replicaId ?? null;
  }

  inGuest(command: string): Promise<string> {
    return inGuest(this.network.client, command, shellMsMax);
  }

  /** Ends the clients, checks what they were promised, powers off, and checks the file system. */
  async finish(imagePaths: readonly string[]): Promise<void> {
    await this.clients.finish(answerMsMax);
    assert.deepEqual(this.clients.faults(), []);
    const { ok } = this.clients.counts();
    this.narrator.step(
      `${ok} operations acknowledged over connections that stood, none lost, doubled or torn; the longest took ${this.clients.longestMs()} ms`,
    );
    this.pair.primary.pressPowerButton();
    assert.equal(await this.pair.primary.ends(powerOffMsMax(['redis'])), 'status 0');
    assert.ok(this.pair.primary.console.includes(checkText('redis')), this.pair.primary.console);
    await this.pair.backup?.ends(endMsMax);
    assert.deepEqual(imagePaths.flatMap(fileSystemFaults), []);
  }
}

function replicaOf(replica: VmftProcess): string {
  return String(replica.events.findLast(({ type }) => type === 'status')?.['replicaId']);
}

function ticksOf(replica: VmftProcess): number {
  const status = replica.events.findLast(({ type }) => type === 'status');
  return (status?.['position'] as { readonly ticks: number } | undefined)?.ticks ?? 0;
}
