import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { systemRandom } from '../../../src/flow/world/system-random.js';
import type { Arbiter } from '../../../src/pair/arbiter/arbiter.js';
import { openArbiter } from '../../../src/pair/arbiter/open-arbiter.js';
import type { Session } from '../../../src/pair/session/session.js';
import { InProcess } from './in-process.js';

/** Two hosts in this process: real channels, real storage, fake machines. Gone with `close`. */
export class TwoHosts {
  readonly primarySide = new InProcess();
  readonly backupSide = new InProcess();
  /** Stopped by `close`. */
  readonly sessions: Session[] = [];

  private constructor(
    readonly directory: string,
    readonly arbiter: Arbiter,
  ) {}

  static async open(name: string): Promise<TwoHosts> {
    const directory = mkdtempSync(join(tmpdir(), `vmft-${name}-`));
    return new TwoHosts(directory, await openArbiter(`file:${directory}`, systemRandom));
  }

  async close(): Promise<void> {
    for (const session of this.sessions) {
      session.stop('the test is over');
      await session.ended;
    }
    this.primarySide.close();
    this.backupSide.close();
    await removeWhenQuiet(this.directory);
  }
}

/** An operation of the arbiter may still be under way, and make a file after those that are there were removed. */
async function removeWhenQuiet(directory: string): Promise<void> {
  for (let tries = 50; ; tries -= 1) {
    try {
      rmSync(directory, { recursive: true, force: true });
      return;
    } catch (error) {
      if (tries === 0) throw error;
      await sleep(100);
    }
  }
}
