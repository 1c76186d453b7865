import { alreadyThere } from '../history/check-set.js';
import { saysNotDone, sqlState, type PostgresConnection } from './postgres-connection.js';
import { bankRules, done, type Answer, type BankStore, type SetStore } from './workload.js';

const uniqueViolation = '23505';

export class PostgresBank implements BankStore {
  readonly kind = 'bank';

  constructor(private readonly connection: PostgresConnection) {}

  async prepare(): Promise<void> {
    const { connection } = this;
    await connection.change('CREATE TABLE account (id int PRIMARY KEY, balance bigint NOT NULL)');
    await connection.change(
      'CREATE TABLE ledger (id text PRIMARY KEY, source int, target int, amount int)',
    );
    await connection.change(
      'INSERT INTO account SELECT i, $1::bigint FROM generate_series(0, $2) i',
      [bankRules.initialBalance, bankRules.accounts - 1],
    );
  }

  async transfer(id: string, from: number, to: number, amount: number): Promise<Answer> {
    try {
      return await this.attempt(id, from, to, amount);
    } catch (error) {
      if (sqlState(error) === null) throw error;
      // The transaction is over, or its commit was refused in words that promise nothing.
      const why = String(error);
      const undone = saysNotDone(error);
      await this.connection.change('ROLLBACK');
      return { outcome: undone ? 'fail' : 'unknown', why };
    }
  }

  private async attempt(id: string, from: number, to: number, amount: number): Promise<Answer> {
    const { connection } = this;
    await connection.change('BEGIN');
    const taken = await connection.change(
      'UPDATE account SET balance = balance - $1 WHERE id = $2 AND balance >= $1',
      [amount, from],
    );
    if (taken === 0) {
      await connection.change('ROLLBACK');
      return { outcome: 'fail', why: 'too little money' };
    }
    await connection.change('UPDATE account SET balance = balance + $1 WHERE id = $2', [
      amount,
      to,
    ]);
    await connection.change('INSERT INTO ledger VALUES ($1, $2, $3, $4)', [id, from, to, amount]);
    await connection.change('COMMIT');
    return done;
  }

  async balances(): Promise<number[]> {
    const rows = await this.connection.rows('SELECT balance FROM account ORDER BY id');
    return rows.map(([balance]) => Number(balance));
  }

  async ledger(): Promise<{ id: string; from: number; to: number; amount: number }[]> {
    const rows = await this.connection.rows('SELECT id, source, target, amount FROM ledger');
    return rows.map(([id, from, to, amount]) => ({
      id: String(id),
      from: Number(from),
      to: Number(to),
      amount: Number(amount),
    }));
  }

  close(): void {
    this.connection.close();
  }
}

export class PostgresSet implements SetStore {
  readonly kind = 'set';

  constructor(private readonly connection: PostgresConnection) {}

  async prepare(): Promise<void> {
    await this.connection.change('CREATE TABLE element (name text PRIMARY KEY)');
  }

  async insert(element: string): Promise<Answer> {
    try {
      await this.connection.change('INSERT INTO element VALUES ($1)', [element]);
      return done;
    } catch (error) {
      const state = sqlState(error);
      if (state === null) throw error;
      if (state === uniqueViolation) return { outcome: 'fail', why: alreadyThere };
      return { outcome: saysNotDone(error) ? 'fail' : 'unknown', why: String(error) };
    }
  }

  async elements(): Promise<string[]> {
    return (await this.connection.rows('SELECT name FROM element')).map(([name]) => String(name));
  }

  close(): void {
    this.connection.close();
  }
}
