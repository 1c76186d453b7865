/**
 * Collects what the log leaves behind, before V8 takes it for a reason to look at everything.
 *
 * The problem. Each frame of the log is a buffer of its own two or three times on its way through gRPC, and dead a moment later. V8
 * counts their bytes with the old generation's, small as that is here; so a log of 40 MB/s made it mark the whole heap ten times
 * a second, on all of its threads: a fifth of a core, and pauses of tens of milliseconds that acknowledgements waited for.
 *
 * The idea. A collection of the young generation, where these buffers are, takes some tenths of a millisecond. It is asked for every
 * few megabytes, so that they do not pile up. V8 offers it to who asks for its function gc; its own settings for that are
 * of the command line, and this code may not choose with what options it is run.
 */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Of log, between two collections: little to V8's limits, much to what a collection costs. Who sends holds each frame three times, and until
 * it is on its way.
 */
export const sentBytesBetween = 1 << 20;
export const receivedBytesBetween = 4 << 20;

type Collect = (options: { readonly type: 'minor' }) => void;

export class YoungGarbage {
  private bytes = 0;
  private static collect: Collect | null = null;

  constructor(private readonly bytesBetween: number) {}

  /** So many bytes of the log were sent or received. */
  passed(bytes: number): void {
    this.bytes += bytes;
    if (this.bytes < this.bytesBetween) return;
    this.bytes = 0;
    YoungGarbage.collect ??= collectFunction();
    YoungGarbage.collect({ type: 'minor' });
  }
}

function collectFunction(): Collect {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as Collect;
  // Else every context made later would have it too.
  setFlagsFromString('--no-expose-gc');
  return collect;
}
