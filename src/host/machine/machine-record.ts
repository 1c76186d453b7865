import { z } from 'zod';

import { machineSpecSchema } from './machine-spec.js';

/**
 * What this host keeps on disk of its replica of a machine, so that a daemon that starts knows what there was:
 *
 *   running   a process was started, and its end was not seen. What it does shows on its socket.
 *   lost      its process is gone without an end of its own: a crash, or this host's. What becomes of
 *             the machine is decided by recovery.ts.
 *   stopped   the guest ended: powered off, or reset where that is to end it. Kept for `status` and `vmft start`.
 */
export const machineRecordSchema = z.object({
  version: z.literal(1),
  spec: machineSpecSchema,
  state: z.enum(['running', 'lost', 'stopped']),
  /** Names this process's files: 8 digits. */
  token: z.string().regex(/^[0-9a-f]{8}$/),
  /** As it was started. */
  startedAs: z.enum(['primary', 'backup']),
  /** Empty until the replica said it. */
  replicaId: z.string().max(128),
  /** When last seen. */
  role: z.enum(['starting', 'joining', 'backup', 'alone', 'primary']),
  generation: z.number().int().min(0),
  /** In that role. */
  sinceRealtimeMs: z.number(),
  processId: z.number().int().min(1).nullable(),
  /** The tap that was made for it. */
  tap: z.string().max(15).nullable(),
  /** How it ended, of one that is stopped or lost; empty: not known. */
  end: z.string().max(4096),
  /** How often in a row it was started again after a crash. */
  restarts: z.number().int().min(0),
});

export type MachineRecord = z.infer<typeof machineRecordSchema>;

/** A replica with this role is the machine. Of a host of another version the role may be any word. */
export function isLive(role: string): role is 'alone' | 'primary' {
  return role === 'alone' || role === 'primary';
}
