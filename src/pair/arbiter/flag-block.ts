import { z } from 'zod';

import { VmftError } from '../../base/errors.js';
import {
  decodeJsonBlock,
  encodeJsonBlock,
  hostNameLengths,
  isEmptyBlock,
} from '../../flow/world/json-block.js';
import type { FlagEntry } from './arbiter.js';

/** What an arbiter's disk block holds: the newest generation of one machine. */
export interface DiskFlag {
  readonly machineId: string;
  readonly generation: bigint;
  readonly formed: FlagMark;
  /** null: nobody had to win yet. */
  readonly taken: FlagMark | null;
}

/** Who, where and when; `at` by the writer's clock. */
export interface FlagMark {
  readonly replicaId: string;
  readonly host: string;
  readonly at: string;
}

const mark = z.strictObject({
  replicaId: z.string().min(1).max(128),
  host: z.string().max(256),
  at: z.string().max(64),
});

const schema = z.strictObject({
  vmftFlag: z.literal(1),
  machineId: z.string().min(1).max(128),
  generation: z.string().regex(/^[0-9]{1,20}$/),
  formed: mark,
  taken: mark.nullable(),
});

/** A host name that has no room is cut; throws `bad-argument` when that is not enough. */
export function encodeFlagBlock(flag: DiskFlag, blockBytes: number): Buffer {
  const { machineId, formed, taken } = flag;
  const generation = flag.generation.toString();
  for (const length of hostNameLengths) {
    const cut = (whole: FlagMark): FlagMark => ({ ...whole, host: whole.host.slice(0, length) });
    const marks = { formed: cut(formed), taken: taken === null ? null : cut(taken) };
    const block = encodeJsonBlock({ vmftFlag: 1, machineId, generation, ...marks }, blockBytes);
    if (block !== null) return block;
  }
  throw new VmftError(
    'bad-argument',
    `the names of machine ${flag.machineId} and its replicas have no room in a block of the disk`,
    'use a shorter machine id',
  );
}

/** Total: 'empty' for all zero, null for anything else that is no flag. */
export function decodeFlagBlock(block: Buffer): DiskFlag | 'empty' | null {
  if (isEmptyBlock(block)) return 'empty';
  const parsed = schema.safeParse(decodeJsonBlock(block));
  if (!parsed.success) return null;
  const { machineId, generation, formed, taken } = parsed.data;
  return { machineId, generation: BigInt(generation), formed, taken };
}

export function entriesOfFlag({ machineId, generation, formed, taken }: DiskFlag): FlagEntry[] {
  const entries: FlagEntry[] = [{ kind: 'formed', machineId, generation, ...formed }];
  if (taken !== null) entries.push({ kind: 'taken', machineId, generation, ...taken });
  return entries;
}
