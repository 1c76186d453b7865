/**
 * Transactions on a database, in the place of the paper's Oracle Swingbench: pgbench in the guest, sixteen sessions, its
 * TPC-B-like transactions. The database exceeds the guest's memory (images/bench-disk/overlay/usr/lib/vmft/bench/fill-databases).
 */

import { CountingProcess } from '../guest/counting-process.js';
import { readDatabaseFiles } from './database-files.js';
import type { Workload } from './workload.js';

const sessions = 16;
/** Longer than any bench. */
const runtimeS = 86_400;
const startMsMax = 60_000;
const warmMs = 2_000;

/**
 * Each of these transactions takes one transaction id, and nothing else does: how far the ids are is how many have ended,
 * known at the moment at which it is told.
 */
const countQuery = 'SELECT pg_snapshot_xmax(pg_current_snapshot())';
const countIntervalS = 0.25;

const connection = '--host=/run/postgresql --username=vmft';
export const oltpCommand = `
  pgbench=$(echo /usr/lib/postgresql/*/bin/pgbench)
  $pgbench ${connection} --no-vacuum --protocol=prepared --client=${sessions} --time=${runtimeS} pgbench &
  psql ${connection} --no-psqlrc --tuples-only --no-align --dbname=pgbench <<'END'
${countQuery} \\watch ${countIntervalS}
END`;

/** @param line of psql or of pgbench */
export function transactionsIn(line: string): number | null {
  return /^\d+$/.test(line) ? Number(line) : null;
}

export const oltp: Workload = {
  name: 'oltp',
  unit: 'transactions/s',
  guest: { disk: 'debian-bench', services: ['postgresql'], memoryMiB: 256 },
  async start(shell) {
    await readDatabaseFiles(shell, 'pgbench');
    const running = new CountingProcess(shell.follow(oltpCommand), transactionsIn, shell);
    await running.warm(warmMs, startMsMax);
    return running;
  },
};
