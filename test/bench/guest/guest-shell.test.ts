import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';

import { endOfGroup, inGroup, quoted } from '../../../src/bench/guest/guest-shell.js';

// The guest's shell is this one, too.
const sh = (command: string): ChildProcess => spawn('/bin/sh', ['-c', command]);

/** Waits without blocking: a child that is killed has to be reaped by this process. */
async function statusOf(command: string): Promise<number | null> {
  const [status] = (await once(sh(command), 'close')) as [number | null];
  return status;
}

async function groupOf(child: ChildProcess): Promise<number> {
  const [bytes] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
  const group = /^group (\d+)\n/.exec(bytes.toString())?.[1];
  assert.ok(group !== undefined, `no group: ${bytes.toString()}`);
  return Number(group);
}

const left = (group: number): string =>
  spawnSync('ps', ['-o', 'args=', '-g', String(group)], { encoding: 'utf8' }).stdout;

test('a command is in a group of its own, and all of the group is ended, children in the background too', async () => {
  const child = sh(inGroup("sleep 100 & sleep 101; echo 'never'"));
  const group = await groupOf(child);
  assert.match(left(group), /sleep 100[^]*sleep 101/);
  assert.equal(await statusOf(endOfGroup(group)), 0);
  assert.equal(left(group), '');
});

test('who does not end when asked is ended', { timeout: 20_000 }, async () => {
  const child = sh(inGroup('trap "" TERM; exec sleep 102'));
  const group = await groupOf(child);
  assert.equal(await statusOf(endOfGroup(group)), 0);
  assert.equal(left(group), '');
});

test('to end a group that is over is no failure', async () => {
  const { pid } = spawnSync('/bin/sh', ['-c', 'exit 0']);
  assert.equal(await statusOf(endOfGroup(pid)), 0);
});

test('a quoted word is one word, whatever is in it', () => {
  const word = `it's $HOME "and" \\ more\n`;
  const { stdout } = spawnSync('/bin/sh', ['-c', `printf %s ${quoted(word)}`], {
    encoding: 'utf8',
  });
  assert.equal(stdout, word);
});
