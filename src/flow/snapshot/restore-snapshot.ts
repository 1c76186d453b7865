import { VmftError } from '../../base/errors.js';
import type { Machine } from '../machine/machine.js';
import type { SnapshotMachine } from './snapshot-format.js';

/** A snapshot's parts, in order; see src/flow/world/snapshot-file-reader.ts. */
export interface SnapshotSource {
  parts(): AsyncIterable<{ readonly kind: 'pages' | 'state'; readonly body: Buffer }>;
  /** Set when all parts are read. */
  readonly trailer: SnapshotMachine | null;
}

/**
 * Makes a created machine what the snapshot has, and checks that it is: its digests are those that were taken when the
 * snapshot was. After a failure the machine must not run. Throws `image-corrupt`, `image-version`, and what the source
 * throws.
 */
export async function restoreSnapshot(machine: Machine, source: SnapshotSource): Promise<void> {
  for await (const { kind, body } of source.parts()) {
    if (kind === 'pages') machine.restorePages(body);
    else machine.restoreState(body);
  }
  const { trailer } = source;
  if (trailer === null) throw new VmftError('internal', 'bug: a snapshot without an end');
  const { state, memory, position } = machine.digest(trailer.memoryDigest !== 0n);
  const same =
    state === trailer.stateDigest &&
    memory === trailer.memoryDigest &&
    position.ticks === trailer.ticks;
  if (same) return;
  throw new VmftError(
    'image-corrupt',
    'the machine that was restored is not the one that the snapshot was taken of: its digest is another',
    'use the vmft that wrote the snapshot, and report this if it is the same',
  );
}
