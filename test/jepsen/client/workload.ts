import type { BankRules } from '../history/check-bank.js';

/** Accounts and their money at the start. */
export const bankRules: BankRules = { accounts: 8, initialBalance: 100 };

export const workloadNames = ['postgres-bank', 'postgres-set', 'redis-bank', 'redis-set'] as const;
export type WorkloadName = (typeof workloadNames)[number];

/** What a client process is told, as JSON in its first argument. */
export interface ClientOrder {
  readonly host: string;
  readonly postgresPort: number;
  readonly redisPort: number;
  readonly workloads: readonly { readonly name: WorkloadName; readonly clients: number }[];
  readonly seed: number;
  /** Only read what is there, over new connections. */
  readonly readOnly: boolean;
  /** Between an answer and the next request. */
  readonly pauseMs: number;
  /** A connection that gives no answer for so long is as good as lost. */
  readonly silenceMsMax: number;
}

/** How an operation went, as the database said it. */
export interface Answer {
  readonly outcome: 'ok' | 'fail' | 'unknown';
  readonly why: string | null;
}

export const done: Answer = { outcome: 'ok', why: null };

/** A bank behind one connection. Its methods reject when the connection is gone; then nothing is known. */
export interface BankStore {
  readonly kind: 'bank';
  /** Makes the accounts; once, before anything else. */
  prepare(): Promise<void>;
  transfer(id: string, from: number, to: number, amount: number): Promise<Answer>;
  balances(): Promise<number[]>;
  ledger(): Promise<{ id: string; from: number; to: number; amount: number }[]>;
  close(): void;
}

/** A set behind one connection; the same rules. */
export interface SetStore {
  readonly kind: 'set';
  prepare(): Promise<void>;
  insert(element: string): Promise<Answer>;
  elements(): Promise<string[]>;
  close(): void;
}

export type Store = BankStore | SetStore;
