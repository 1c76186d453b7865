/** What clients did to a database, as they saw it. Times are milliseconds of one clock, that of the client's process. */

/**
 *   ok       the database answered that it is done
 *   fail     the database answered that it is not done, and never will be
 *   unknown  no answer, or one that says neither
 */
export type Outcome = 'ok' | 'fail' | 'unknown';

export interface Operation<Body> {
  readonly client: string;
  readonly invokedMs: number;
  readonly endedMs: number;
  readonly outcome: Outcome;
  readonly body: Body;
  /** The database's words, unless it is ok. */
  readonly why: string | null;
}

/** Money from one account to another; the database keeps a ledger of the ids in the same transaction. */
export interface Transfer {
  readonly type: 'transfer';
  readonly id: string;
  readonly from: number;
  readonly to: number;
  readonly amount: number;
}

/** The balances of all accounts, read at once. Empty unless the outcome is ok. */
export interface BalancesRead {
  readonly type: 'balances';
  readonly balances: readonly number[];
}

export type BankBody = Transfer | BalancesRead;

export interface BankState {
  readonly balances: readonly number[];
  readonly ledger: readonly Omit<Transfer, 'type'>[];
}

/** Into a set where it is not yet: each element is inserted once. */
export interface Insert {
  readonly type: 'insert';
  readonly element: string;
}

/** The whole set. Empty unless the outcome is ok. */
export interface ElementsRead {
  readonly type: 'elements';
  readonly elements: readonly string[];
}

export type SetBody = Insert | ElementsRead;

export interface SetState {
  /** As the database gave them, so that what is there twice can be seen. */
  readonly elements: readonly string[];
}
