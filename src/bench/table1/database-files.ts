import type { GuestShell } from '../guest/guest-shell.js';

const readMsMax = 120_000;

/**
 * Reads a database's files once through, so that the guest's cache holds as much as it can: else a cache that fills up slowly would be
 * what is measured.
 */
export async function readDatabaseFiles(shell: GuestShell, database: string): Promise<void> {
  const oid = `psql --host=/run/postgresql --username=vmft --no-psqlrc --tuples-only --no-align --dbname=${database} --command="SELECT oid FROM pg_database WHERE datname = '${database}'"`;
  await shell.output(`cat /var/lib/postgresql/data/base/$(${oid})/* >/dev/null`, readMsMax);
}
