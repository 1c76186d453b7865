import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { asVmftError } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import { openArbiter } from '../../pair/arbiter/open-arbiter.js';
import { diskUrlOn, type MachineSpec } from '../machine/machine-spec.js';
import type { RecoveryQuestion } from './recovery.js';

/** The replica that was live last, by the newest generation that the machine's arbiter knows. Never rejects. */
export async function lastLiveReplica(
  arbiterUrl: string | null,
  machineId: string,
  random: Random,
): Promise<RecoveryQuestion['lastLive']> {
  if (arbiterUrl === null) return { replicaId: null };
  try {
    const arbiter = await openArbiter(arbiterUrl, random, 'read');
    try {
      const entries = await arbiter.read(machineId);
      const newest = entries.reduce(
        (max, entry) => (entry.generation > max ? entry.generation : max),
        -1n,
      );
      const ofNewest = entries.filter(({ generation }) => generation === newest);
      const taken = ofNewest.find(({ kind }) => kind === 'taken');
      const formed = ofNewest.find(({ kind }) => kind === 'formed');
      return { replicaId: (taken ?? formed)?.replicaId ?? null };
    } finally {
      arbiter.close();
    }
  } catch (thrown) {
    return { unknown: asVmftError(thrown).message };
  }
}

/**
 * `vmft disk release` for each disk of a machine that nobody has any more: a crash has left them reserved. Never rejects; a
 * disk that is not free after it is named when the machine starts.
 */
export async function releaseDisks(
  command: readonly string[],
  spec: Pick<MachineSpec, 'disks'>,
  host: string,
): Promise<void> {
  const [program = '', ...words] = command;
  for (const { url, options } of spec.disks) {
    if (options.split(',').includes('readonly')) continue;
    await promisify(execFile)(program, [...words, 'disk', 'release', diskUrlOn(url, host)], {
      timeout: releaseWithinMs,
    }).catch(() => undefined);
  }
}

const releaseWithinMs = 15_000;
