import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import {
  Protector,
  type ProtectorAction,
  type ProtectorEvent,
} from '../../../src/host/protection/protector.js';

const settings = { delayMinMs: 1_000, delayMaxMs: 30_000 };

/** A protector and what it does, with a clock of its own. */
class Rig {
  readonly protector = new Protector(settings);
  nowMs = 0;

  send(event: ProtectorEvent): ProtectorAction[] {
    return this.protector.handle(event, this.nowMs);
  }

  /** What it does, but for what it tells. */
  does(event: ProtectorEvent): ProtectorAction[] {
    return this.send(event).filter((action) => action.do !== 'tell');
  }

  /** Wanted, and alone: looking in round 1. */
  begin(): void {
    this.send({ type: 'wanted', wanted: true, only: '' });
    assert.deepEqual(this.does({ type: 'role', role: 'alone' }), [look(1)]);
  }

  candidates(round: number, ...candidates: string[]): ProtectorAction[] {
    return this.does({ type: 'candidates', round, candidates, refusals: [] });
  }

  asked(round: number, host: string, why: string | null): ProtectorAction[] {
    return this.does({ type: 'asked', round, host, why });
  }
}

const look = (round: number, only = ''): ProtectorAction => ({ do: 'look', round, only });
const ask = (round: number, host: string): ProtectorAction => ({ do: 'ask', round, host });
const watch = (host: string): ProtectorAction => ({ do: 'watch', host });

void describe('protector', () => {
  test('looks, asks the best, watches the join, and rests', () => {
    const rig = new Rig();
    rig.begin();
    assert.deepEqual(rig.candidates(1, 'b', 'c'), [ask(1, 'b')]);
    assert.deepEqual(rig.asked(1, 'b', null), [watch('b')]);
    assert.deepEqual(rig.does({ type: 'role', role: 'primary' }), []);
    assert.equal(rig.protector.phase, 'idle');
    assert.equal(rig.protector.lastFailure, '');
  });

  test('begins within the event that makes the machine alone', () => {
    const rig = new Rig();
    rig.send({ type: 'wanted', wanted: true, only: '' });
    rig.send({ type: 'role', role: 'primary' });
    assert.deepEqual(rig.does({ type: 'role', role: 'alone' }), [look(1)]);
  });

  test('refused: the next one; a join that fails: the next one; none left: a delay', () => {
    const rig = new Rig();
    rig.begin();
    rig.candidates(1, 'b', 'c', 'd');
    assert.deepEqual(rig.asked(1, 'b', 'is full'), [ask(1, 'c')]);
    rig.asked(1, 'c', null);
    assert.deepEqual(rig.does({ type: 'join-failed', why: 'declined' }), [ask(1, 'd')]);
    assert.deepEqual(rig.asked(1, 'd', 'has no bridge'), []);
    assert.equal(rig.protector.phase, 'waiting');
    assert.equal(rig.protector.lastFailure, 'b is full; c declined; d has no bridge');
    rig.nowMs = 999;
    assert.deepEqual(rig.does({ type: 'tick' }), []);
    rig.nowMs = 1_000;
    assert.deepEqual(rig.does({ type: 'tick' }), [look(2)]);
  });

  test('the delay doubles from 1 s to 30 s, and is 1 s again after a success', () => {
    const rig = new Rig();
    rig.begin();
    const delays: number[] = [];
    for (let round = 1; round <= 8; round += 1) {
      const told = rig.send({ type: 'candidates', round, candidates: [], refusals: [] });
      const [news] = told.map((action) => (action.do === 'tell' ? action.what : null));
      assert(news?.kind === 'failed');
      delays.push(news.againAfterMs);
      rig.nowMs += news.againAfterMs;
      rig.send({ type: 'tick' });
    }
    assert.deepEqual(
      delays,
      [1, 2, 4, 8, 16, 30, 30, 30].map((s) => s * 1_000),
    );
    rig.candidates(9, 'b');
    rig.asked(9, 'b', null);
    rig.send({ type: 'role', role: 'primary' });
    assert.deepEqual(rig.does({ type: 'role', role: 'alone' }), [look(10)]);
    const [again] = rig.send({ type: 'candidates', round: 10, candidates: [], refusals: [] });
    assert(again?.do === 'tell' && again.what.kind === 'failed');
    assert.equal(again.what.againAfterMs, 1_000);
  });

  test('a host that comes back ends the delay', () => {
    const rig = new Rig();
    rig.begin();
    rig.candidates(1);
    assert.deepEqual(rig.does({ type: 'host-back' }), [look(2)]);
    assert.deepEqual(rig.does({ type: 'host-back' }), []);
  });

  test('answers of an earlier round change nothing', () => {
    const rig = new Rig();
    rig.begin();
    rig.candidates(1, 'b');
    rig.asked(1, 'b', 'is full');
    rig.nowMs = 1_000;
    rig.send({ type: 'tick' });
    assert.deepEqual(rig.candidates(1, 'z'), []);
    assert.deepEqual(rig.asked(1, 'b', null), []);
    assert.deepEqual(rig.candidates(2, 'c'), [ask(2, 'c')]);
    assert.deepEqual(rig.asked(1, 'c', null), []);
  });

  test('not wanted, not live, or an operation: nothing', () => {
    const rig = new Rig();
    rig.begin();
    rig.candidates(1, 'b');
    assert.deepEqual(rig.does({ type: 'wanted', wanted: false, only: '' }), []);
    assert.deepEqual(rig.asked(1, 'b', 'is full'), []);
    assert.equal(rig.protector.phase, 'idle');
    assert.deepEqual(rig.does({ type: 'suspended', suspended: true }), []);
    assert.deepEqual(rig.does({ type: 'wanted', wanted: true, only: '' }), []);
    assert.deepEqual(rig.does({ type: 'suspended', suspended: false }), [look(2)]);
    assert.deepEqual(rig.does({ type: 'role', role: 'none' }), []);
    assert.deepEqual(rig.candidates(2, 'b'), []);
  });

  test('the host that the operator named, until it is protected', () => {
    const rig = new Rig();
    rig.send({ type: 'role', role: 'alone' });
    assert.deepEqual(rig.does({ type: 'wanted', wanted: true, only: 'c' }), [look(1, 'c')]);
    rig.candidates(1, 'c');
    rig.asked(1, 'c', null);
    rig.send({ type: 'role', role: 'primary' });
    assert.deepEqual(rig.does({ type: 'role', role: 'alone' }), [look(2)]);
  });

  test('a new wish ends a delay', () => {
    const rig = new Rig();
    rig.begin();
    rig.candidates(1);
    assert.deepEqual(rig.does({ type: 'wanted', wanted: true, only: 'b' }), [look(2, 'b')]);
  });
});
