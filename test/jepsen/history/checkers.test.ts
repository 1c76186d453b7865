import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { checkBank } from './check-bank.js';
import { checkClients } from './check-clients.js';
import { alreadyThere, checkSet } from './check-set.js';
import type { BankBody, BankState, Operation, Outcome, SetBody, Transfer } from './operation.js';

const rules = { accounts: 3, initialBalance: 10 };
let clock = 0;

function operation<Body>(
  body: Body,
  outcome: Outcome = 'ok',
  why: string | null = null,
): Operation<Body> {
  clock += 2;
  return { client: 'one', invokedMs: clock, endedMs: clock + 1, outcome, body, why };
}

function transfer(id: string, from: number, to: number, amount: number): Transfer {
  return { type: 'transfer', id, from, to, amount };
}

const first = transfer('t1', 0, 1, 4);
const second = transfer('t2', 1, 2, 5);
const third = transfer('t3', 2, 0, 1);
const failed = transfer('t4', 0, 2, 9);
const history: Operation<BankBody>[] = [
  operation<BankBody>(first),
  operation<BankBody>({ type: 'balances', balances: [6, 14, 10] }),
  operation<BankBody>(second, 'unknown', 'no answer'),
  operation<BankBody>(third),
  operation<BankBody>(failed, 'fail', 'too little money'),
];
const good: BankState = { balances: [7, 9, 14], ledger: [first, second, third] };

function found(state: BankState, operations = history): string {
  return checkBank(rules, operations, state).join('\n');
}

void describe('the checker of the bank', () => {
  void test('a right history is right, with the unacknowledged transfer and without it', () => {
    assert.equal(found(good), '');
    assert.equal(found({ balances: [7, 14, 9], ledger: [first, third] }), '');
  });

  void test('an acknowledged transfer that is lost', () => {
    assert.match(found({ balances: [6, 9, 15], ledger: [first, second] }), /t3 was acknowledged/);
  });

  void test('a transfer of which only one side is there', () => {
    const half = found({ ...good, balances: [7, 14, 14] });
    assert.match(half, /account 1 holds 14/);
    assert.match(half, /a total of 35, not 30/);
  });

  void test('a transfer that is in both balances and not in the ledger', () => {
    const state = { ...good, ledger: [first, third] };
    assert.match(found(state), /half there/);
  });

  void test('a transfer that was done twice', () => {
    assert.match(found({ ...good, balances: [3, 13, 14] }), /half there/);
    assert.match(
      found({ balances: [3, 13, 14], ledger: [first, first, second, third] }),
      /t1 is in the ledger more than once/,
    );
  });

  void test('a transfer that failed and is there, and one that nobody asked for', () => {
    const state = (more: Transfer): BankState => ({
      balances: [7 - more.amount, 9, 14 + more.amount],
      ledger: [...good.ledger, more],
    });
    assert.match(found(state(failed)), /t4 failed and is in the ledger/);
    assert.match(found(state(transfer('t9', 0, 2, 1))), /t9 .* never asked for/);
  });

  void test('a ledger entry with another amount', () => {
    const ledger = [first, second, { ...third, amount: 2 }];
    assert.match(found({ balances: [8, 9, 13], ledger }), /another amount/);
  });

  void test('a read in the middle that saw half a transfer, and an account that is gone', () => {
    const torn = operation<BankBody>({ type: 'balances', balances: [6, 10, 10] });
    assert.match(found(good, [...history, torn]), /a total of 26/);
    assert.match(found({ ...good, balances: [7, 23] }), /a read saw/);
  });

  void test('many findings of a kind are counted', () => {
    const lost = Array.from({ length: 10 }, (_, index) => transfer(`m${index}`, 0, 1, 1));
    const lines = checkBank(rules, [...history, ...lost.map((body) => operation(body))], good);
    assert.equal(lines.length, 4);
    assert.equal(lines[3], '… and 7 more like these');
  });
});

void describe('the checker of the set', () => {
  const insert = (
    element: string,
    outcome: Outcome = 'ok',
    why: string | null = null,
  ): Operation<SetBody> => operation<SetBody>({ type: 'insert', element }, outcome, why);
  const read = (...elements: string[]): Operation<SetBody> =>
    operation<SetBody>({ type: 'elements', elements });
  const check = (operations: Operation<SetBody>[], ...elements: string[]): string =>
    checkSet(operations, { elements }).join('\n');

  void test('a right history is right, with the unacknowledged element and without it', () => {
    const operations = [insert('a'), read('a'), insert('b', 'unknown'), insert('c')];
    assert.equal(check(operations, 'a', 'b', 'c'), '');
    assert.equal(check(operations, 'c', 'a'), '');
  });

  void test('a read that overlaps an insert may see it or not', () => {
    const long: Operation<SetBody> = { ...insert('a'), endedMs: clock + 100 };
    assert.equal(check([long, read('a')], 'a'), '');
    assert.equal(check([long, read()], 'a'), '');
  });

  void test('an acknowledged element that is lost, at the end or in between', () => {
    assert.match(check([insert('a'), insert('b')], 'b'), /a was acknowledged .* the last read/);
    assert.match(check([insert('a'), read(), read('a')], 'a'), /a was acknowledged .* a read/);
  });

  void test('an element that was seen and went away, though it was never acknowledged', () => {
    const operations = [insert('a', 'unknown'), read('a'), read()];
    assert.match(check(operations, 'a'), /a was read and is missing/);
    assert.match(check([insert('a', 'unknown'), read('a')]), /a was read and is missing/);
  });

  void test('an element that is there twice, or was inserted twice', () => {
    assert.match(check([insert('a')], 'a', 'a'), /a is there more than once/);
    assert.match(check([insert('a', 'fail', alreadyThere)], 'a'), /a .* done twice/);
  });

  void test('an element that failed, that nobody inserted, or that is there before its time', () => {
    assert.match(check([insert('a', 'fail', 'refused')], 'a'), /a failed and is in/);
    assert.match(check([insert('a')], 'a', 'z'), /z .* was not asked for/);
    assert.match(check([read('a'), insert('a')], 'a'), /a is in a read and was not asked for/);
  });
});

void describe('the checker of the clients', () => {
  void test('a connection that broke, and a client that was never answered', () => {
    const client = 'one';
    assert.deepEqual(checkClients([{ client, broken: null, acknowledged: 1 }]), []);
    assert.match(checkClients([{ client, broken: 'reset', acknowledged: 1 }])[0] ?? '', /broke/);
    assert.match(checkClients([{ client, broken: null, acknowledged: 0 }])[0] ?? '', /never/);
  });
});
