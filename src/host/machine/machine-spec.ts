import { z } from 'zod';

import { VmftError } from '../../base/errors.js';
import { limits } from '../../base/limits.js';

/**
 * A machine as its operator describes it: `MachineSpec` of proto/host.proto, checked. It comes from operators, from
 * other hosts and from this host's disk.
 */
const name = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,40}$/, 'must be letters, digits, "-" and "_", at most 40');

const text = z.string().max(limits.pathLengthMax);

/** Words that reach a command line unchanged; the values are checked by that command. */
const setting = z
  .string()
  .max(256)
  .regex(/^--[a-z][a-z-]*=\S+$/, 'must be an option written as --name=value')
  .refine((word) => settingNames.has(word.slice(2, word.indexOf('='))), {
    message: 'names an option that machines of hosts do not have',
  });

const schema = z.object({
  name,
  machineId: z.string().regex(/^[A-Za-z0-9_-]{0,64}$/, 'must be letters, digits, "-" and "_"'),
  guest: z
    .object({ built: text, kernel: text, initramfs: text, append: text })
    .refine(({ built, kernel }) => (built === '') !== (kernel === ''), {
      message: 'must name a built guest or a kernel, one of them',
    }),
  memoryBytes: z
    .number()
    .int()
    .min(2 ** 20, 'must be 1 MiB at least')
    .max(2 ** 40)
    .refine((bytes) => bytes % 4096 === 0, 'must be whole pages of 4 KiB'),
  mac: z
    .string()
    .regex(/^(|[0-9a-f]{2}(:[0-9a-f]{2}){5})$/i, 'must be written as 02:00:00:00:00:01')
    .refine((mac) => mac === '' || (parseInt(mac.slice(0, 2), 16) & 1) === 0, 'must be unicast'),
  disks: z
    .array(
      z.object({ url: text.min(1).max(limits.diskUrlLengthMax), options: z.string().max(256) }),
    )
    .max(limits.disksMax),
  arbiter: z.string().max(limits.arbiterUrlLengthMax),
  accelerator: z.enum(['soft', 'kvm']),
  counter: z.string().max(64),
  interpret: z.boolean().default(false),
  replication: z.enum(['auto', 'replay', 'checkpoint']),
  protected: z.boolean(),
  antiAffinity: z.string().max(limits.labelLengthMax),
  hosts: z.array(z.string().max(64)).max(limits.hostsMax),
  onReset: z.enum(['start', 'end']),
  settings: z.array(setting).max(64),
  version: z.number().int().min(0),
});

export type MachineSpec = z.infer<typeof schema>;

export const machineSpecSchema = schema;

/** What an empty field of a new machine means. */
const whenEmpty = {
  accelerator: 'soft',
  replication: 'auto',
  onReset: 'start',
  memoryBytes: 256 * 2 ** 20,
} as const;

/** Throws `usage` naming the field. `value` is a decoded message: what was left out is empty. */
export function parseMachineSpec(value: unknown): MachineSpec {
  const filled = { ...(value as Record<string, unknown>) };
  for (const [field, wanted] of Object.entries(whenEmpty)) {
    if (filled[field] === '' || filled[field] === 0) filled[field] = wanted;
  }
  const parsed = schema.safeParse(filled);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.join('.') ?? '';
  throw new VmftError(
    'usage',
    `the machine's ${field === '' ? 'description' : field} ${issue?.message ?? 'is wrong'}`,
    'vmft start --help lists what a machine has',
  );
}

/** With `{host}` filled in. */
export function diskUrlOn(url: string, host: string): string {
  return url.replaceAll('{host}', host);
}

/** Hosts by their names; an empty list allows all. */
export function mayHave(spec: Pick<MachineSpec, 'hosts'>, host: string): boolean {
  return spec.hosts.length === 0 || spec.hosts.includes(host);
}

/** Options of both `vmft run` and `vmft backup`, and those of `vmft run` alone. */
export const settingsOfBoth: ReadonlySet<string> = new Set([
  'heartbeat-interval',
  'suspect-after',
  'suspect-after-broken',
  'lag-limit',
  'log-buffer',
  'join-timeout',
  'arbiter-timeout',
  'copy-bandwidth',
]);
export const settingsOfRun: ReadonlySet<string> = new Set(['disk-reads']);
const settingNames: ReadonlySet<string> = new Set([...settingsOfBoth, ...settingsOfRun]);
