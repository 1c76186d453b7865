import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

import type { NetworkNamespace } from '../../../src/cli/demo/network-namespace.js';
import { checkBank } from '../history/check-bank.js';
import { checkClients, type ClientEnd } from '../history/check-clients.js';
import { checkSet } from '../history/check-set.js';
import type { BankBody, BankState, Operation, SetBody, SetState } from '../history/operation.js';
import type { Report } from './report.js';
import { bankRules, type ClientOrder, type WorkloadName } from './workload.js';

const clientScript = fileURLToPath(new URL('./client-main.js', import.meta.url));

export type Operations = ReadonlyMap<WorkloadName, readonly Operation<BankBody | SetBody>[]>;
export type FinalStates = ReadonlyMap<WorkloadName, BankState | SetState>;

/** The clients, in their namespace, and what they saw. */
export class ClientsProcess {
  readonly operations = new Map<WorkloadName, Operation<BankBody | SetBody>[]>();
  readonly finals = new Map<WorkloadName, BankState | SetState>();
  private readonly ends = new Map<string, { broken: string | null; acknowledged: number }>();
  private finished = false;
  private abandoned = false;
  private exited = false;
  private stderr = '';
  private readonly child: ChildProcess;
  private readonly changed = new Set<() => void>();

  constructor(namespace: NetworkNamespace, order: ClientOrder) {
    const command = [process.execPath, clientScript, JSON.stringify(order)];
    this.child = namespace.spawn(command, ['pipe', 'pipe', 'pipe']);
    this.child.stdin?.on('error', () => undefined);
    this.child.stderr?.on('data', (bytes: Buffer) => {
      this.stderr += bytes.toString('utf8');
    });
    createInterface({ input: this.child.stdout as Readable }).on('line', (line) => {
      this.take(JSON.parse(line) as Report);
    });
    const over = (): void => {
      this.exited = true;
      this.tell();
    };
    this.child.on('error', over);
    this.child.on('close', over);
  }

  /** Acknowledged operations, of all clients. */
  get acknowledged(): number {
    return [...this.ends.values()].reduce((sum, { acknowledged }) => sum + acknowledged, 0);
  }

  /** Clients whose connection is gone. */
  get broken(): string[] {
    return this.clientEnds()
      .filter(({ broken }) => broken !== null)
      .map(({ client, broken }) => `${client}: ${broken ?? ''}`);
  }

  /** Resolves when each client is answered `more` times from now on. Rejects when that takes too long. */
  async answered(more: number, timeoutMs: number): Promise<void> {
    const before = new Map([...this.ends].map(([client, end]) => [client, end.acknowledged]));
    const each = (): boolean =>
      this.ends.size > 0 &&
      [...this.ends].every(
        ([client, { acknowledged }]) => acknowledged >= (before.get(client) ?? 0) + more,
      );
    await this.until(() => each() || this.broken.length > 0, 'be answered', timeoutMs);
    if (!each()) throw new Error(`a connection broke: ${this.broken.join('; ')}`);
  }

  /** Ends the clients, who read all that is there. */
  async finish(timeoutMs: number): Promise<void> {
    this.child.stdin?.end();
    await this.until(() => this.finished, 'end', timeoutMs);
  }

  /** The guest is dead: what is under way gets no answer, and that connections break from here on is no fault. */
  async abandon(timeoutMs: number): Promise<void> {
    this.abandoned = true;
    this.child.kill('SIGTERM');
    await this.until(() => this.finished, 'give up', timeoutMs);
  }

  /** What is wrong with what was seen; `finals` from elsewhere: what was read another time. */
  faults(finals: FinalStates = this.finals): string[] {
    return [
      ...checkClients(this.clientEnds()),
      ...[...this.operations].flatMap(([workload, operations]) => {
        const state = finals.get(workload);
        if (state === undefined) return [`${workload}: the last read is missing`];
        const found =
          'ledger' in state
            ? checkBank(bankRules, operations as Operation<BankBody>[], state)
            : checkSet(operations as Operation<SetBody>[], state);
        return found.map((fault) => `${workload}: ${fault}`);
      }),
    ];
  }

  /** How often each outcome was seen. */
  counts(): { ok: number; fail: number; unknown: number } {
    const all = [...this.operations.values()].flat();
    const count = (wanted: string): number =>
      all.filter(({ outcome }) => outcome === wanted).length;
    return { ok: count('ok'), fail: count('fail'), unknown: count('unknown') };
  }

  /** The longest time that one operation took. */
  longestMs(): number {
    let longest = 0;
    for (const operations of this.operations.values()) {
      for (const { invokedMs, endedMs } of operations) {
        longest = Math.max(longest, endedMs - invokedMs);
      }
    }
    return Math.round(longest);
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  private clientEnds(): ClientEnd[] {
    return [...this.ends].map(([client, end]) => ({ client, ...end }));
  }

  private take(report: Report): void {
    switch (report.type) {
      case 'connected':
        this.ends.set(report.client, { broken: null, acknowledged: 0 });
        break;
      case 'operation': {
        const { workload, operation } = report;
        const known = this.operations.get(workload);
        if (known === undefined) this.operations.set(workload, [operation]);
        else known.push(operation);
        const end = this.ends.get(operation.client);
        if (end !== undefined && operation.outcome === 'ok') end.acknowledged += 1;
        break;
      }
      case 'broken': {
        const end = this.ends.get(report.client);
        if (end !== undefined && !this.abandoned) end.broken ??= report.why;
        break;
      }
      case 'final':
        this.finals.set(report.workload, report.state);
        break;
      case 'done':
        this.finished = true;
    }
    this.tell();
  }

  private tell(): void {
    for (const look of [...this.changed]) look();
  }

  private until(wanted: () => boolean, what: string, timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (failed: boolean): void => {
        clearTimeout(timer);
        this.changed.delete(look);
        if (failed) reject(new Error(`the clients did not ${what}: ${this.stderr.trim()}`));
        else resolve();
      };
      const look = (): void => {
        if (wanted()) settle(false);
        else if (this.exited) settle(true);
      };
      const timer = setTimeout(() => {
        settle(true);
      }, timeoutMs);
      this.changed.add(look);
      look();
    });
  }
}
