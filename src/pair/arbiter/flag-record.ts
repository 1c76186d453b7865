import { hostname } from 'node:os';

import { z } from 'zod';

import { VmftError } from '../../base/errors.js';
import type { FlagEntry, FlagRequest } from './arbiter.js';

const schema = z.strictObject({
  vmftFlag: z.literal(1),
  kind: z.enum(['formed', 'taken']),
  machineId: z.string().min(1).max(128),
  generation: z.string().regex(/^[0-9]{1,20}$/),
  replicaId: z.string().min(1).max(128),
  host: z.string().max(256),
  at: z.string().max(64),
});

/** What is written for a request. Throws `bad-argument` for a machine id that is no name. */
export function newFlagEntry(kind: FlagEntry['kind'], request: FlagRequest): FlagEntry {
  requireMachineId(request.machineId);
  return { kind, ...request, host: hostname(), at: new Date().toISOString() };
}

/** Machine ids are parts of file names and keys. */
export function requireMachineId(machineId: string): void {
  if (!/^[A-Za-z0-9_-]{1,128}$/.test(machineId)) {
    throw new VmftError('bad-argument', `"${machineId}" cannot be a machine id`);
  }
}

/** Another replica's mark on a generation. */
export function formedByAnother({ machineId, generation }: FlagRequest): VmftError {
  return new VmftError(
    'arbiter-unusable',
    `generation ${generation} of machine ${machineId} was formed by another replica`,
    'start the machine under a new id',
  );
}

/** A flag's content: one line of JSON, so that a person can read it with `cat`. */
export function encodeFlagRecord(entry: FlagEntry): string {
  const { generation, ...rest } = entry;
  return `${JSON.stringify({ vmftFlag: 1, ...rest, generation: generation.toString() })}\n`;
}

/** Total: null for anything that is not a whole record. */
export function decodeFlagRecord(text: string): FlagEntry | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) return null;
  const { kind, machineId, generation, replicaId, host, at } = parsed.data;
  return { kind, machineId, generation: BigInt(generation), replicaId, host, at };
}
