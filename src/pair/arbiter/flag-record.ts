import { z } from 'zod';

import type { FlagEntry } from './arbiter.js';

const schema = z.strictObject({
  vmftFlag: z.literal(1),
  kind: z.enum(['formed', 'taken']),
  machineId: z.string().min(1).max(128),
  generation: z.string().regex(/^[0-9]{1,20}$/),
  replicaId: z.string().min(1).max(128),
  host: z.string().max(256),
  at: z.string().max(64),
});

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
