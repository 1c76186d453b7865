import { VmftError } from '../../base/errors.js';
import type { GuestDisk, Replication } from '../../flow/machine/machine.js';

/** What the user wants of a pair. */
export const replicationChoices = ['auto', 'replay', 'checkpoint'] as const;
export type ReplicationChoice = (typeof replicationChoices)[number];

export interface ChosenReplication {
  readonly replication: Replication;
  /** In half a sentence, for events. */
  readonly why: string;
}

/**
 * How a primary replicates to a backup that joins. `ownReplays`, `peerReplays`: positions are exact on that side.
 * A string says why there is no way.
 */
export function chooseReplication(
  choice: ReplicationChoice,
  ownReplays: boolean,
  peerReplays: boolean,
): ChosenReplication | string {
  if (choice === 'checkpoint') return { replication: choice, why: 'asked for' };
  const exact = ownReplays && peerReplays;
  if (choice === 'replay') {
    if (exact) return { replication: choice, why: 'asked for' };
    const where = ownReplays ? 'the backup cannot' : 'this primary cannot';
    return `this primary replicates by replay only, which ${where} take part in`;
  }
  if (exact) return { replication: 'replay', why: 'both hosts’ positions are exact' };
  const where = ownReplays ? 'the backup does not replay' : 'positions are not exact here';
  return { replication: 'checkpoint', why: where };
}

/** Why a guest with these disks cannot be replicated so; null: it can. */
export function replicationObjection(
  replication: Replication,
  disks: readonly GuestDisk[],
): VmftError | null {
  // A backup that is given checkpoints executes nothing, and so nothing would change its own copy of a disk.
  if (replication === 'replay' || disks.every(({ holding }) => holding === 'shared')) return null;
  return new VmftError(
    'disk-unusable',
    'checkpoints need disks that both hosts see, and this guest has one of which each replica has its own copy',
    'share the disk (iscsi://, or a file on storage that both hosts mount), or use --replication replay',
  );
}
