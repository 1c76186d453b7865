import pg from 'pg';

/** Answers that say that nothing was done: the statement was refused, or the transaction rolled back. */
const notDone = /^(23|40)/;

/** One connection to PostgreSQL, never made anew. */
export class PostgresConnection {
  private constructor(private readonly client: pg.Client) {}

  /** `broken` hears once why the connection is gone; not after `close`. */
  static async open(
    host: string,
    port: number,
    broken: (why: string) => void,
  ): Promise<PostgresConnection> {
    const client = new pg.Client({
      ...{ host, port, user: 'vmft', database: 'vmft', password: '' },
      connectionTimeoutMillis: 5_000,
    });
    client.on('error', (error) => {
      broken(error.message);
    });
    client.on('end', () => {
      broken('the connection was closed');
    });
    await client.connect();
    return new PostgresConnection(client);
  }

  async rows(text: string, values: readonly unknown[] = []): Promise<readonly unknown[][]> {
    const query = { text, values: [...values], rowMode: 'array' as const };
    return (await this.client.query<unknown[]>(query)).rows;
  }

  /** How many rows it changed. */
  async change(text: string, values: readonly unknown[] = []): Promise<number> {
    return (await this.client.query(text, [...values])).rowCount ?? 0;
  }

  close(): void {
    this.client.removeAllListeners('end');
    void this.client.end().catch(() => undefined);
  }
}

/** The database's code for what went wrong; null when it was not the database that said so. */
export function sqlState(error: unknown): string | null {
  return error instanceof pg.DatabaseError ? (error.code ?? '') : null;
}

/** True when an error of a statement means that the whole transaction is not done. */
export function saysNotDone(error: unknown): boolean {
  const state = sqlState(error);
  return state !== null && notDone.test(state);
}
