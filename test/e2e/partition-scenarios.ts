/**
 * The logging network is cut between two live replicas, with and without shared storage, on one boot of the
 * guest. What is checked is what a client and the arbiter's files show; the replicas' own words only
 * tell when to look. Runs in namespaces of its own: see inside.ts.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { ClientProcess } from '../../src/cli/demo/client-process.js';
import { DemoNetwork } from '../../src/cli/demo/demo-network.js';
import { DemoPair } from '../../src/cli/demo/demo-pair.js';
import { Narrator } from '../../src/cli/demo/narrator.js';
import type { VmftProcess } from '../../src/cli/demo/vmft-process.js';
import { systemClock } from '../../src/flow/world/system-clock.js';

const exitStatusArbitrationLost = 'status 48';
const storage = process.argv[2] ?? '/nowhere';
const arbiterFolder = join(storage, 'arbiter');
const arbiterAway = join(storage, 'unreachable');
/** A busy test machine is not to look like a dead peer. */
const settings = ['--suspect-after', '1000', '--suspect-after-broken', '1000'];
const narrator = new Narrator(false, false);

interface Flag {
  readonly kind: string;
  readonly generation: string;
  readonly replicaId: string;
}

function takenFlags(): Flag[] {
  return readdirSync(arbiterFolder)
    .filter((name) => name.endsWith('.taken'))
    .map((name) => JSON.parse(readFileSync(join(arbiterFolder, name), 'utf8')) as Flag);
}

function replicaId(replica: VmftProcess): string {
  return String(replica.events.findLast((event) => event.type === 'status')?.['replicaId']);
}

function generation(replica: VmftProcess): number {
  return Number(replica.events.findLast((event) => event.type === 'formed')?.['generation']);
}

/** Both replicas decide: one goes on, the other ends. Returns the one that goes on. */
async function exactlyOne(pair: DemoPair, client: ClientProcess): Promise<VmftProcess> {
  const { primary, backup } = pair;
  assert.ok(backup !== null);
  const formed = generation(primary);
  const loser = await Promise.race([
    primary.ends(30_000).then(() => primary),
    backup.ends(30_000).then(() => backup),
  ]);
  const survivor = loser === primary ? backup : primary;
  assert.equal(loser.end, exitStatusArbitrationLost);
  assert.equal(survivor.end, null);
  const flags = takenFlags().filter((flag) => Number(flag.generation) === formed);
  assert.deepEqual(
    flags.map((flag) => flag.replicaId),
    [replicaId(survivor)],
    'the flag of the generation names the survivor',
  );
  assert.ok(await client.answeredAfter(systemClock.realtimeMs(), 30_000), 'the client is answered');
  narrator.step(`host ${survivor.host.label} goes on alone, host ${loser.host.label} has ended`);
  return survivor;
}

/** No answer reaches the client for a while. What was on its way may still arrive at first. */
async function silent(client: ClientProcess, pair: DemoPair): Promise<void> {
  await sleep(500);
  const { answers } = client;
  await sleep(1_500);
  assert.equal(client.answers, answers, 'nothing is shown while storage is away');
  assert.equal(pair.primary.end, null, 'the primary waits');
  assert.equal(pair.backup?.end, null, 'the backup waits');
}

async function counting(client: ClientProcess): Promise<void> {
  assert.ok(await client.answeredAfter(systemClock.realtimeMs(), 10_000), 'the client is answered');
}

async function scenarios(network: DemoNetwork, pair: DemoPair): Promise<void> {
  await pair.protect();
  const client = new ClientProcess(network);
  try {
    await client.counting(60_000);

    narrator.step('1: storage is away for a while, the logging network works: nothing happens');
    renameSync(arbiterFolder, arbiterAway);
    await sleep(1_000);
    await counting(client);
    renameSync(arbiterAway, arbiterFolder);
    assert.deepEqual(takenFlags(), []);

    narrator.step('2: the logging network is cut, both reach storage: exactly one goes on');
    network.setLogging(false);
    pair.goesOn(await exactlyOne(pair, client));
    network.setLogging(true);
    await pair.protect();
    await counting(client);

    narrator.step('3: storage and the logging network are cut: nobody shows anything');
    renameSync(arbiterFolder, arbiterAway);
    network.setLogging(false);
    await silent(client, pair);
    narrator.step('   storage is back: exactly one goes on');
    renameSync(arbiterAway, arbiterFolder);
    pair.goesOn(await exactlyOne(pair, client));
    network.setLogging(true);
    await pair.protect();
    await counting(client);

    narrator.step('4: the same, and the network comes back before storage does');
    renameSync(arbiterFolder, arbiterAway);
    network.setLogging(false);
    await silent(client, pair);
    network.setLogging(true);
    await silent(client, pair);
    renameSync(arbiterAway, arbiterFolder);
    pair.goesOn(await exactlyOne(pair, client));

    const result = await client.finish(60_000);
    if (result.trouble !== null) narrator.step(`the client: ${result.trouble}`);
    const { lost, duplicated, connectionSurvived } = result;
    assert.deepEqual(
      { lost, duplicated, connectionSurvived },
      { lost: 0, duplicated: 0, connectionSurvived: true },
    );
    narrator.step(`${result.increments} increments over one connection, none lost, none doubled`);
  } finally {
    client.kill();
  }
}

async function main(): Promise<void> {
  const network = await DemoNetwork.create();
  const pair = await DemoPair.boot({
    network,
    arbiter: `file:${arbiterFolder}`,
    memory: '128M',
    narrator,
    settings,
  });
  try {
    await scenarios(network, pair);
  } finally {
    pair.close();
    network.close();
  }
}

try {
  await main();
  process.exit(0);
} catch (error) {
  console.error(error);
  process.exit(1);
}
