import { ErrorReply, type RedisClientType } from '@redis/client';

import { alreadyThere } from '../history/check-set.js';
import { bankRules, done, type Answer, type BankStore, type SetStore } from './workload.js';

/** What Redis refuses it has not done; but it may have executed what it could not write to its log. */
function refused(error: unknown): Answer {
  if (!(error instanceof ErrorReply)) throw error;
  return { outcome: 'unknown', why: error.message };
}

const accountNames = Array.from({ length: bankRules.accounts }, (_, index) => `account:${index}`);
const ledgerName = 'ledger';

export class RedisBank implements BankStore {
  readonly kind = 'bank';

  constructor(private readonly client: RedisClientType) {}

  async prepare(): Promise<void> {
    const start = String(bankRules.initialBalance);
    await this.client.mSet(Object.fromEntries(accountNames.map((name) => [name, start])));
  }

  async transfer(id: string, from: number, to: number, amount: number): Promise<Answer> {
    try {
      await this.client
        .multi()
        .decrBy(`account:${from}`, amount)
        .incrBy(`account:${to}`, amount)
        .hSet(ledgerName, id, `${from} ${to} ${amount}`)
        .exec();
      return done;
    } catch (error) {
      return refused(error);
    }
  }

  async balances(): Promise<number[]> {
    return (await this.client.mGet(accountNames)).map(Number);
  }

  async ledger(): Promise<{ id: string; from: number; to: number; amount: number }[]> {
    const entries = Object.entries(await this.client.hGetAll(ledgerName));
    return entries.map(([id, words]) => {
      const [from = NaN, to = NaN, amount = NaN] = words.split(' ').map(Number);
      return { id, from, to, amount };
    });
  }

  close(): void {
    this.client.removeAllListeners('end');
    this.client.destroy();
  }
}

export class RedisSet implements SetStore {
  readonly kind = 'set';
  private static readonly name = 'elements';

  constructor(private readonly client: RedisClientType) {}

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  async insert(element: string): Promise<Answer> {
    try {
      const added = await this.client.sAdd(RedisSet.name, element);
      return added === 1 ? done : { outcome: 'fail', why: alreadyThere };
    } catch (error) {
      return refused(error);
    }
  }

  elements(): Promise<string[]> {
    return this.client.sMembers(RedisSet.name);
  }

  close(): void {
    this.client.removeAllListeners('end');
    this.client.destroy();
  }
}
