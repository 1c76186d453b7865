import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { VmftError } from '../../base/errors.js';

/** Taps of replicas, on this host's bridge. */
export interface Taps {
  /** Rejects with `tap-unavailable`, and then there is none. */
  make(name: string): Promise<void>;
  /** One that is not there is no error. */
  remove(name: string): Promise<void>;
}

const run = promisify(execFile);

export function hostTaps(bridge: string | null): Taps {
  return {
    async make(name) {
      if (bridge === null) {
        throw new VmftError(
          'tap-unavailable',
          'the machine has a network, and this host has no bridge for it',
          'name one as bridge in the daemon’s file',
        );
      }
      try {
        await ip('tuntap', 'add', 'dev', name, 'mode', 'tap');
        // No address of the host's own on the guest's wire. A kernel without IPv6 does not know the word.
        await ip('link', 'set', name, 'addrgenmode', 'none').catch(() => undefined);
        await ip('link', 'set', name, 'master', bridge, 'up');
      } catch (error) {
        await this.remove(name);
        const { stderr, message } = error as { stderr?: string; message: string };
        const why = (stderr ?? message).trim().split('\n')[0] ?? '';
        throw new VmftError(
          'tap-unavailable',
          `cannot put a tap on the bridge ${bridge}: ${why}`,
          'the daemon needs the right to make taps (root, or CAP_NET_ADMIN), and the bridge has to be there',
          error,
        );
      }
    },
    async remove(name) {
      await ip('link', 'delete', name).catch(() => undefined);
    },
  };
}

async function ip(...words: string[]): Promise<void> {
  await run('ip', words, { timeout: ipWithinMs });
}

const ipWithinMs = 5_000;
