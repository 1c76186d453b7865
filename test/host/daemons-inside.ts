import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { NetworkNamespace } from '../../src/cli/demo/network-namespace.js';
import { VmftError } from '../../src/base/errors.js';
import { hostMethods, type MachineStatus } from '../../src/host/api/methods.js';
import { DaemonProcess } from './daemon-process.js';
import { machineSpec } from './described.js';

/**
 * Three hosts' daemons, each with an address of its own on the loopback interface of one namespace, and a machine with a
 * network. Runs in namespaces of its own; its argument is an empty folder.
 */
const [, , folder = ''] = process.argv;
const namespace = NetworkNamespace.here('the hosts');
namespace.ip('link set lo up\nlink add br0 type bridge\nlink set br0 up');
const words = ['--bridge', 'br0', '--arbiter', `file:${join(folder, 'arbiter')}`];
const daemons = DaemonProcess.cluster(folder, ['a', 'b', 'c'], words);
const [a, b, c] = daemons as [DaemonProcess, DaemonProcess, DaemonProcess];
const started = performance.now();
/** This machine is slow at times; how fast it is, is for benchmarks. */
const withinMs = 20_000;

await main().catch((error: unknown) => {
  console.error(error);
  for (const daemon of daemons) console.error(`--- ${daemon.name}\n${daemon.log()}`);
  process.exit(1);
});
process.exit(0);

async function main(): Promise<void> {
  await Promise.all(daemons.map((daemon) => daemon.start()));
  step('three daemons answer');

  const spec = machineSpec({
    machineId: '',
    arbiter: '',
    memoryBytes: 64 * 2 ** 20,
    mac: '02:00:00:00:00:07',
  });
  const { machineId } = await a.startMachine(spec);
  await refused(() => b.startMachine(spec), 'machine-exists');
  const first = await a.until('vm1', isProtected, 'protected', withinMs);
  assert.equal(first.primary, 'a');
  assert.equal(taps().length, 2);
  step(`protected by ${first.backup}`);

  let killedMs = performance.now();
  of(first.primary).killReplica('vm1');
  const second = await c.until('vm1', protectedAfter(first), 'protected again', withinMs);
  assert.equal(second.primary, first.backup);
  step(`the primary died: protected again after ${Math.round(performance.now() - killedMs)} ms`);

  killedMs = performance.now();
  of(second.backup).killReplica('vm1');
  const third = await c.until('vm1', protectedAfter(second), 'protected again', withinMs);
  assert.equal(third.primary, second.primary);
  step(`the backup died: protected again after ${Math.round(performance.now() - killedMs)} ms`);

  const owner = of(third.primary);
  const other = daemons.find(({ name }) => name !== owner.name) as DaemonProcess;
  const before = owner.record('vm1')?.processId;
  await owner.kill();
  of(third.backup).killReplica('vm1');
  const unseen = await other.until(
    'vm1',
    ({ state }) => state === 'lost',
    'out of sight',
    withinMs,
  );
  assert.match(unseen.note, new RegExp(`${owner.name}, which does not answer`));
  await owner.start();
  const fourth = await other.until('vm1', protectedAfter(third), 'protected again', withinMs);
  assert.equal(fourth.primary, owner.name);
  assert.equal(owner.record('vm1')?.processId, before);
  step(
    'the owner’s daemon died, and then the backup: the next daemon found the primary, and protected it',
  );

  await conflicts(fourth);
  step('a second operation is refused, and one that fails changes nothing');

  const moved = await moves(fourth);
  step('moved to the third host, and protected there');

  await frozen();
  step('a primary that was frozen is ended, and its host has the backup');

  for (const name of [moved.primary, moved.backup]) of(name).killReplica('vm1');
  const fifth = await a.until(
    'vm1',
    (status) => isProtected(status) && currentId() !== machineId,
    'started again',
    withinMs,
  );
  assert.equal(fifth.primary, moved.primary);
  step('both replicas died: the machine started again where it was last');

  await a.client.call(hostMethods.stop, { name: 'vm1', hard: true });
  await a.until('vm1', ({ state }) => state === 'stopped', 'stopped', withinMs);
  for (const daemon of daemons) assert.notEqual(daemon.record('vm1')?.state, 'running');
  await a.until('vm1', () => taps().length === 0, 'without taps', withinMs);
  for (const daemon of daemons) {
    const run = join(folder, daemon.name, 'state', 'run');
    assert.deepEqual(existsSync(run) ? readdirSync(run) : [], []);
  }
  step('stopped: no process, tap or socket is left');
}

/** Whose machine id the primary's host keeps. */
function currentId(): string {
  const ids = daemons.map((daemon) => daemon.record('vm1')?.spec.machineId ?? '');
  return ids.find((id) => id !== '') ?? '';
}

async function conflicts({ primary, backup }: MachineStatus): Promise<void> {
  const third = daemons.find(({ name }) => name !== primary && name !== backup) as DaemonProcess;
  let unprotect = Promise.resolve();
  await new Promise<void>((begun) => {
    unprotect = a.client.stream(hostMethods.unprotect, { name: 'vm1' }, () => {
      begun();
    });
  });
  // The other one comes by another host, and is passed on.
  const move = { name: 'vm1', replica: 'backup', to: third.name };
  await refused(() => third.client.stream(hostMethods.move, move, () => undefined), 'machine-busy');
  await unprotect;
  const alone = await a.until(
    'vm1',
    ({ state }) => state === 'unprotected',
    'unprotected',
    withinMs,
  );
  assert.equal(alone.note, 'protection is not wanted');
  const failover = (): Promise<void> =>
    b.client.stream(hostMethods.failover, { name: 'vm1' }, () => undefined);
  await refused(failover, 'not-protected');
  await refused(
    () => b.client.stream(hostMethods.protect, { name: 'vm1', host: 'nowhere' }, () => undefined),
    'no-host',
  );
  assert.equal((await a.status('vm1'))?.note, 'protection is not wanted');
  await third.client.stream(hostMethods.protect, { name: 'vm1', host: backup }, () => undefined);
  // The primary has said so; the backup's host hears of it a moment later.
  const isProtected = ({ state }: MachineStatus): boolean => state === 'protected';
  const again = await a.until('vm1', isProtected, 'protected', withinMs);
  assert.deepEqual([again.primary, again.backup], [primary, backup]);
}

/** Its backup first, then the machine itself; the host that had it gets the next backup, or the other. */
async function moves(before: MachineStatus): Promise<MachineStatus> {
  const { primary, backup } = before;
  const to = daemons.find(({ name }) => name !== primary && name !== backup)?.name ?? '';
  const steps: string[] = [];
  const request = { name: 'vm1', replica: 'primary', to };
  await of(backup).client.stream(hostMethods.move, request, (progress) => {
    steps.push(progress.step);
  });
  assert(steps.includes(`protected by ${to}`) && steps.includes(`live on ${to}`), steps.join());
  const after = await a.until('vm1', protectedAfter(before), 'protected again', withinMs);
  assert.equal(after.primary, to);
  return after;
}

/** A machine of two hosts: its backup can only be where the frozen primary still is. */
async function frozen(): Promise<void> {
  const spec = machineSpec({
    name: 'vm2',
    machineId: '',
    arbiter: '',
    memoryBytes: 64 * 2 ** 20,
    hosts: ['a', 'b'],
  });
  await a.startMachine(spec);
  const before = await a.until('vm2', isProtected, 'protected', withinMs);
  const old = a.record('vm2')?.processId ?? 0;
  process.kill(old, 'SIGSTOP');
  const after = await b.until('vm2', protectedAfter(before), 'protected again', withinMs);
  assert.deepEqual([after.primary, after.backup], ['b', 'a']);
  assert.notEqual(a.record('vm2')?.processId, old);
  assert.throws(() => process.kill(old, 0), /ESRCH/);
  await b.client.call(hostMethods.stop, { name: 'vm2', hard: true });
  await b.until('vm2', ({ state }) => state === 'stopped', 'stopped', withinMs);
}

function isProtected({ state, backup }: MachineStatus): boolean {
  return state === 'protected' && backup !== '';
}

function protectedAfter(before: MachineStatus): (status: MachineStatus) => boolean {
  return (status) => isProtected(status) && status.generation > before.generation;
}

function of(name: string): DaemonProcess {
  const daemon = daemons.find((each) => each.name === name);
  assert(daemon !== undefined, `no daemon ${name}`);
  return daemon;
}

async function refused(call: () => Promise<unknown>, code: string): Promise<void> {
  await assert.rejects(call, (error) => {
    assert(error instanceof VmftError);
    assert.equal(error.code, code, error.message);
    return true;
  });
}

/** In this namespace; /sys may show another one's. */
function taps(): string[] {
  const lines = readFileSync('/proc/self/net/dev', 'utf8').split('\n');
  return lines.map((line) => line.trim()).filter((line) => line.startsWith('vmft'));
}

function step(what: string): void {
  console.log(`${((performance.now() - started) / 1000).toFixed(1)} s  ${what}`);
}
