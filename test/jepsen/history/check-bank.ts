import { firstOf, repeated } from './findings.js';
import type { BankBody, BankState, Operation, Transfer } from './operation.js';

export interface BankRules {
  readonly accounts: number;
  readonly initialBalance: number;
}

/** What is wrong with a bank, each in one line; empty: nothing. `final`: read after the last operation. */
export function checkBank(
  rules: BankRules,
  operations: readonly Operation<BankBody>[],
  final: BankState,
): string[] {
  const transfers = new Map<string, Operation<Transfer>>();
  for (const operation of operations) {
    if (isTransfer(operation)) transfers.set(operation.body.id, operation);
  }
  return [
    ...totals(rules, operations, final),
    ...acknowledgedAreThere(transfers, final),
    ...ledgerIsOfClients(transfers, final),
    ...balancesFollowLedger(rules, final),
  ];
}

function isTransfer(operation: Operation<BankBody>): operation is Operation<Transfer> {
  return operation.body.type === 'transfer';
}

function totals(
  { accounts, initialBalance }: BankRules,
  operations: readonly Operation<BankBody>[],
  final: BankState,
): string[] {
  const wanted = accounts * initialBalance;
  const reads = operations.flatMap(({ body, outcome }) =>
    body.type === 'balances' && outcome === 'ok' ? [body.balances] : [],
  );
  return firstOf(
    [...reads, final.balances]
      .filter((balances) => balances.length !== accounts || sum(balances) !== wanted)
      .map((balances) => `a read saw a total of ${sum(balances)}, not ${wanted}`),
  );
}

function acknowledgedAreThere(
  transfers: ReadonlyMap<string, Operation<Transfer>>,
  final: BankState,
): string[] {
  const there = new Set(final.ledger.map(({ id }) => id));
  return firstOf(
    [...transfers.values()]
      .filter(({ outcome, body }) => outcome === 'ok' && !there.has(body.id))
      .map(({ body }) => `transfer ${body.id} was acknowledged and is not in the ledger`),
  );
}

function ledgerIsOfClients(
  transfers: ReadonlyMap<string, Operation<Transfer>>,
  final: BankState,
): string[] {
  const twice = repeated(final.ledger.map(({ id }) => id));
  const wrong = final.ledger.flatMap(({ id, from, to, amount }) => {
    const operation = transfers.get(id);
    if (operation === undefined) return [`transfer ${id} is in the ledger and was never asked for`];
    const { body, outcome } = operation;
    if (outcome === 'fail') return [`transfer ${id} failed and is in the ledger`];
    const same = body.from === from && body.to === to && body.amount === amount;
    return same ? [] : [`transfer ${id} is in the ledger with other accounts or another amount`];
  });
  return [
    ...firstOf(twice.map((id) => `transfer ${id} is in the ledger more than once`)),
    ...firstOf(wrong),
  ];
}

/** A transfer is whole: in the ledger and in both balances, or in none. */
function balancesFollowLedger({ accounts, initialBalance }: BankRules, final: BankState): string[] {
  const wanted = new Array<number>(accounts).fill(initialBalance);
  for (const { from, to, amount } of final.ledger) {
    wanted[from] = (wanted[from] ?? 0) - amount;
    wanted[to] = (wanted[to] ?? 0) + amount;
  }
  return firstOf(
    wanted.flatMap((balance, account) =>
      final.balances[account] === balance
        ? []
        : [
            `account ${account} holds ${final.balances[account] ?? 'nothing'}, and the ledger gives ${balance}: a transfer is half there`,
          ],
    ),
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
