import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

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
    // An operation of the arbiter may still be under way.
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 10 });
  }
}
