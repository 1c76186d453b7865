/** What a guest of a benchmark is, beyond the kernel and the network. */

import { counterPort } from '../../cli/demo/demo-network.js';

export const guestMemoryMiB = 256;

export interface GuestPlan {
  /** Of its command line. */
  readonly words: string;
  /** What the console shows once it is at work. */
  readonly atWork: string;
  /** Left out: {@link guestMemoryMiB}. */
  readonly memoryMiB?: number;
  /** From its start until it is at work. Left out: two minutes. */
  readonly bootMsMax?: number;
  readonly primaryOptions: readonly string[];
  /** Asked at each join. */
  readonly backupOptions: () => readonly string[];
}

export type GuestMode = 'spin' | 'idle' | 'demo' | 'writer';

/** What each mode's console shows once it is at work. */
const atWork: Readonly<Record<GuestMode, string>> = {
  spin: ' a second',
  idle: 'vmft-guest: idle',
  demo: 'vmft-guest: counter on port',
  writer: 'writer: at work',
};

export function planOfMode(mode: GuestMode): GuestPlan {
  return {
    words: mode === 'writer' ? writerWords(0) : `vmft.mode=${mode} vmft.port=${counterPort}`,
    atWork: atWork[mode],
    primaryOptions: [],
    backupOptions: () => [],
  };
}

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

/** Both replicas of a benchmark share one host's processors: under load a suspicion would be wrong, and is not what is measured. */
export const patience = ['--suspect-after', '5000', '--suspect-after-broken', '2000'] as const;

export function patiently(plan: GuestPlan): GuestPlan {
  return {
    ...plan,
    primaryOptions: [...plan.primaryOptions, ...patience],
    backupOptions: () => [...plan.backupOptions(), ...patience],
  };
}
