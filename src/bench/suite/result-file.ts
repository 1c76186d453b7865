/** Results as files: what `--json` writes, and what is read again to be shown or compared. */

import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

import { VmftError } from '../../base/errors.js';
import {
  directions,
  resultVersion,
  scaleSubjects,
  workloadNames,
  type BenchResult,
  type SectionResult,
} from './result.js';

/** JSON knows no NaN: what was not to be had is null there. */
const number = z
  .number()
  .nullable()
  .transform((value) => value ?? NaN);
const count = z.number().int().min(0);
const turns = z.array(z.object({ alone: number, pair: number, logMbitPerS: number })).readonly();

const table1 = z.object({
  workload: z.enum(workloadNames),
  reads: z.enum(['log', 'backup']),
  unit: z.string(),
  turns,
});

const table2 = z.object({
  direction: z.enum(directions),
  channelGbitPerS: z.union([z.literal(1), z.literal(10), z.null()]),
  turns,
});

const latency = z.object({
  probe: z.enum(['ping', 'tcp']),
  channelRoundTripMs: z.number().min(0).nullable(),
  samplesMs: z.array(number).readonly(),
});

const failover = z.object({
  kills: z.array(z.object({ detectMs: number, goLiveMs: number, clientGapMs: number })).readonly(),
  increments: count,
  lost: count,
  doubled: count,
  connectionSurvived: z.boolean(),
});

const idle = z.object({
  guest: z.enum(['idle', 'idle with network']),
  turns: z
    .array(
      z.object({ logMbitPerS: number, cpuAlone: number, cpuPrimary: number, cpuBackup: number }),
    )
    .readonly(),
});

const scale = z.object({
  subject: z.enum(scaleSubjects),
  at: z.number().positive(),
  unit: z.string(),
  turns,
  joinMs: z.array(number).readonly(),
  pauseMs: z.array(number).readonly(),
  overheadMiB: z.array(z.object({ primary: number, backup: number })).readonly(),
});

function section<Row>(row: z.ZodType<Row>): z.ZodType<SectionResult<Row> | null> {
  return z
    .object({
      rows: z.array(row).readonly(),
      skipped: z.array(z.object({ row: z.string(), why: z.string() })).readonly(),
      durationMs: z.number(),
      command: z.string(),
    })
    .nullable();
}

const schema: z.ZodType<BenchResult> = z.object({
  version: z.literal(resultVersion),
  startedAtMs: z.number(),
  durationMs: z.number(),
  command: z.string(),
  quick: z.boolean(),
  accelerator: z.string(),
  replication: z.string().nullable(),
  machine: z.object({
    processor: z.string(),
    cores: z.number(),
    memoryMiB: z.number(),
    kernel: z.string(),
    distribution: z.string(),
    node: z.string(),
    vmft: z.string(),
    loadAtStart: number,
    guest: z.array(z.string()).readonly(),
  }),
  sections: z.object({
    table1: section(table1),
    table2: section(table2),
    latency: section(latency),
    failover: section(failover),
    idle: section(idle),
    scale: section(scale),
  }),
});

export function resultText(result: BenchResult): string {
  return `${JSON.stringify(result, null, 1)}\n`;
}

/** Throws `usage` when it is none of this version. */
export function parseResult(text: string, name: string): BenchResult {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new VmftError('usage', `${name} is not JSON`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new VmftError(
    'usage',
    `${name} is not a result of vmft bench: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`,
    'name a file that vmft bench --json wrote',
  );
}

/** Throws `usage`. */
export function readResult(path: string): BenchResult {
  return parseResult(fileText(path), path);
}

function fileText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new VmftError('usage', `cannot read ${path}: ${(error as Error).message}`);
  }
}

/** Throws `usage`: of files that are named on the command line. */
export function writeWholeFile(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw new VmftError('usage', `cannot write ${path}: ${(error as Error).message}`);
  }
}
