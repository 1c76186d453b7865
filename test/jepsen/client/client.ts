import type { SeededRandom } from '../../../src/cli/demo/seeded-random.js';
import type { BankBody, BankState, Outcome, SetBody, SetState } from '../history/operation.js';
import { openStore } from './open-store.js';
import type { Report } from './report.js';
import {
  bankRules,
  type Answer,
  type BankStore,
  type ClientOrder,
  type SetStore,
  type Store,
  type WorkloadName,
} from './workload.js';

const connectTriesMax = 30;
const connectPauseMs = 500;
/** One operation of so many is a read of everything. */
const readEvery = 25;
const amountMax = 9;

export type Tell = (report: Report) => void;

/** One client with one connection: operates until it is told to stop, or its connection breaks. */
export class Client {
  private broken: string | null = null;
  private count = 0;
  private store: Store | null = null;
  private breaks: (why: Error) => void = () => undefined;
  private readonly breaking = new Promise<never>((_resolve, reject) => {
    this.breaks = reject;
  });

  constructor(
    readonly workload: WorkloadName,
    readonly name: string,
    private readonly order: ClientOrder,
    private readonly random: SeededRandom,
    private readonly tell: Tell,
  ) {
    this.breaking.catch(() => undefined);
  }

  /** Tries for a while: the server may be starting. */
  async connect(): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        let standing = false;
        this.store = await openStore(this.workload, this.order, (why) => {
          if (standing) this.breakDown(why);
        });
        standing = true;
        this.tell({ type: 'connected', client: this.name });
        return;
      } catch (error) {
        if (tries === connectTriesMax) throw error;
        await pause(connectPauseMs);
      }
    }
  }

  async prepare(): Promise<void> {
    await this.answered(this.opened().prepare());
  }

  /** Resolves when `stopping` says so, or the connection is gone. */
  async run(stopping: () => boolean): Promise<void> {
    while (!stopping() && this.broken === null) {
      this.count += 1;
      await this.operate();
      await pause(this.order.pauseMs);
    }
  }

  /** Reads what is there and tells it. */
  async final(): Promise<void> {
    if (this.broken !== null) return;
    const store = this.opened();
    try {
      const state = await this.answered<BankState | SetState>(
        store.kind === 'bank' ? bankState(store) : setState(store),
      );
      this.tell({ type: 'final', workload: this.workload, state });
    } catch (error) {
      this.breakDown(`the last read: ${String(error)}`);
    }
  }

  /** The server is gone: what is under way gets no answer. */
  giveUp(): void {
    this.breakDown('given up');
  }

  close(): void {
    this.store?.close();
  }

  private async operate(): Promise<void> {
    const store = this.opened();
    const { name: client, workload } = this;
    const reads = this.count % readEvery === 0;
    const asked = store.kind === 'bank' ? this.bankBody(reads) : this.setBody(reads);
    const invokedMs = performance.now();
    let [body, answer]: [BankBody | SetBody, Answer] = [asked, { outcome: 'unknown', why: null }];
    try {
      const [seen, given] = await this.answered<[BankBody | SetBody, Answer]>(
        store.kind === 'bank'
          ? operateBank(store, asked as BankBody)
          : operateSet(store, asked as SetBody),
      );
      [body, answer] = [seen, given];
    } catch (error) {
      answer = { outcome: 'unknown', why: String(error) };
      this.breakDown(String(error));
    }
    const endedMs = performance.now();
    const operation = { client, invokedMs, endedMs, body, ...answer };
    this.tell({ type: 'operation', workload, operation });
  }

  private bankBody(reads: boolean): BankBody {
    if (reads) return { type: 'balances', balances: [] };
    const { accounts } = bankRules;
    const from = Math.floor(this.random.next() * accounts);
    const to = (from + 1 + Math.floor(this.random.next() * (accounts - 1))) % accounts;
    const amount = 1 + Math.floor(this.random.next() * amountMax);
    return { type: 'transfer', id: `${this.name}-${this.count}`, from, to, amount };
  }

  private setBody(reads: boolean): SetBody {
    if (reads) return { type: 'elements', elements: [] };
    return { type: 'insert', element: `${this.name}-${this.count}` };
  }

  /** The result, unless the connection breaks or is silent for too long. */
  private async answered<Result>(result: Promise<Result>): Promise<Result> {
    const { silenceMsMax } = this.order;
    let silence: NodeJS.Timeout | null = null;
    const silent = new Promise<never>((_resolve, reject) => {
      silence = setTimeout(() => {
        reject(new Error(`no answer for ${silenceMsMax / 1000} s`));
      }, silenceMsMax);
    });
    try {
      return await Promise.race([result, this.breaking, silent]);
    } finally {
      if (silence !== null) clearTimeout(silence);
    }
  }

  private breakDown(why: string): void {
    if (this.broken !== null) return;
    this.broken = why;
    this.breaks(new Error(why));
    this.tell({ type: 'broken', client: this.name, why });
  }

  private opened(): Store {
    if (this.store === null) throw new Error('bug: the client is not connected');
    return this.store;
  }
}

async function operateBank(bank: BankStore, body: BankBody): Promise<[BankBody, Answer]> {
  if (body.type === 'transfer') {
    return [body, await bank.transfer(body.id, body.from, body.to, body.amount)];
  }
  return [{ ...body, balances: await bank.balances() }, read];
}

async function operateSet(set: SetStore, body: SetBody): Promise<[SetBody, Answer]> {
  if (body.type === 'insert') return [body, await set.insert(body.element)];
  return [{ ...body, elements: await set.elements() }, read];
}

const read: { outcome: Outcome; why: null } = { outcome: 'ok', why: null };

async function bankState(bank: BankStore): Promise<BankState> {
  return { balances: await bank.balances(), ledger: await bank.ledger() };
}

async function setState(set: SetStore): Promise<SetState> {
  return { elements: await set.elements() };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
