/** A guest that uses its memory: it holds files in five eighths of it, sums them up one after the other, and rewrites some. */

import { setTimeout as sleep } from 'node:timers/promises';

import { systemClock } from '../../flow/world/system-clock.js';
import type { BenchGuest } from '../guest/bench-guest.js';
import type { GuestPlan } from '../guest/guest-plan.js';
import { perSecond, type Told } from '../guest/counts.js';

const fileMiB = 4;
/** The kernel and what runs in it have the rest. */
const usedShare = 5 / 8;
/** One of so many files is rewritten when it was read. */
const rewrittenOf = 8;
/** A file is summed up in a tenth of a second or so. */
const lineMsMax = 20_000;
/** Filling it, each MiB of memory, on busy processors. */
const fillMsMaxPerMiB = 100;
const bootMsMax = 120_000;

export function memoryGuestPlan(memoryMiB: number): GuestPlan {
  return {
    words: memoryWords(memoryMiB),
    atWork: 'worked ',
    memoryMiB,
    bootMsMax: bootMsMax + memoryMiB * fillMsMaxPerMiB,
    primaryOptions: [],
    backupOptions: () => [],
  };
}

/**
 * Prints `worked N`, all MiB that it has read so far, behind each file. A file that is rewritten takes in turn one of two
 * contents: a page that is written with what it held already has not changed.
 */
export function memoryWords(memoryMiB: number): string {
  const files = Math.floor((memoryMiB * usedShare) / fileMiB);
  const copy = (from: string, to: string): string =>
    `dd if=${from} of=${to} bs=64k conv=notrunc 2>/dev/null`;
  const script = [
    'mkdir /m; mount -t tmpfs -o size=90% tmpfs /m;',
    `for x in a b; do dd if=/dev/urandom of=/tmp/$x bs=64k count=${fileMiB * 16} 2>/dev/null; done;`,
    `i=0; while [ $i -lt ${files} ]; do ${copy('/tmp/a', '/m/$i')}; i=$((i+1)); done;`,
    'n=0; x=b; while :; do',
    `i=0; while [ $i -lt ${files} ]; do md5sum /m/$i >/dev/null;`,
    `[ $((i%${rewrittenOf})) != 0 ] || ${copy('/tmp/$x', '/m/$i')};`,
    `i=$((i+1)); n=$((n+${fileMiB})); echo worked $n; done;`,
    'if [ $x = a ]; then x=b; else x=a; fi; done',
  ].join(' ');
  return `vmft.mode=run -- sh -c "${script}"`;
}

/** MiB a second that this guest works through, by the host's clock. */
export async function workedPerSecond(guest: BenchGuest, durationMs: number): Promise<number> {
  const { primary } = guest;
  const take = async (): Promise<Told> => {
    await primary.consoleAfter(primary.console.length, '\n', lineMsMax);
    return { count: workedIn(primary.console) ?? 0, atMs: systemClock.realtimeMs() };
  };
  const from = await take();
  await sleep(durationMs);
  return perSecond(from, await take());
}

/** The last that a console tells, in a line that has ended; null: none. */
export function workedIn(console: string): number | null {
  const ends = console.lastIndexOf('\n');
  const begins = console.lastIndexOf('worked ', ends);
  const count = /^worked (\d+)\r?\n/.exec(console.slice(begins, ends + 1))?.[1];
  return begins < 0 || count === undefined ? null : Number(count);
}
