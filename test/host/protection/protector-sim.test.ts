import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  Protector,
  type ProtectorAction,
  type ProtectorEvent,
} from '../../../src/host/protection/protector.js';
import { SeededRandom } from '../../sim/seeded-random.js';

/**
 * One machine among hosts that come, go, refuse, answer late or never, and lose backups while these join. A seed is one
 * schedule; VMFT_SIM_SEED runs one again.
 */
const seeds = process.env['VMFT_SIM_SEED'];
const schedules = 400;
const settings = { delayMinMs: 1_000, delayMaxMs: 30_000 };
const hosts = ['b', 'c', 'd'];
/** After this everything works, and nothing more is done to the machine. */
const troubleMs = 120_000;
/** The longest delay, and one pass through hosts that all answer. */
const healMs = settings.delayMaxMs + 20_000;

class Schedule {
  private readonly random: SeededRandom;
  private readonly protector = new Protector(settings);
  private readonly later: { readonly atMs: number; readonly run: () => void }[] = [];
  private nowMs = 0;
  private role: 'alone' | 'primary' | 'none' = 'none';
  private wanted = false;
  private suspended = false;
  /** Asked for and not answered. */
  private readonly open = new Set<string>();
  private readonly up = new Map(hosts.map((host) => [host, true]));
  private join = 0;
  private notBeforeMs = 0;
  looks = 0;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
  }

  run(): void {
    this.wish(true);
    this.become('alone');
    while (this.nowMs < troubleMs) {
      this.step();
      if (this.random.chance(0.004)) this.trouble();
    }
    for (const host of hosts) this.setUp(host, true);
    this.suspend(false);
    this.wish(true);
    if (this.role === 'none') this.become('alone');
    const healedMs = this.nowMs + healMs;
    while (this.nowMs < healedMs && this.role !== 'primary') this.step();
    assert.equal(this.role, 'primary', 'protection has not come back');
    assert.equal(this.protector.phase, 'idle');
    assert.equal(this.protector.lastFailure, '');
  }

  private get calm(): boolean {
    return this.nowMs >= troubleMs;
  }

  private step(): void {
    this.nowMs += 50;
    const due = this.later.filter(({ atMs }) => atMs <= this.nowMs);
    for (const each of due) {
      this.later.splice(this.later.indexOf(each), 1);
      each.run();
    }
    this.send({ type: 'tick' });
  }

  private trouble(): void {
    const kind = this.random.whole(0, 4);
    if (kind === 0) this.become(this.role === 'none' ? 'alone' : 'none');
    if (kind === 1 && this.role === 'primary') this.become('alone');
    if (kind === 2) this.setUp(this.random.pick(hosts), this.random.chance(0.5));
    if (kind === 3) this.wish(!this.wanted);
    if (kind === 4) this.suspend(!this.suspended);
  }

  private send(event: ProtectorEvent): void {
    // Whatever is news ends a delay.
    if (event.type !== 'tick') this.notBeforeMs = 0;
    for (const action of this.protector.handle(event, this.nowMs)) this.carryOut(action);
    const mayAct = this.wanted && !this.suspended && this.role === 'alone';
    assert.equal(
      this.protector.phase === 'idle',
      !mayAct,
      `idle although it ${mayAct ? 'may' : 'may not'} act`,
    );
  }

  private carryOut(action: ProtectorAction): void {
    switch (action.do) {
      case 'tell':
        if (action.what.kind !== 'failed') return;
        assert(action.what.againAfterMs >= settings.delayMinMs);
        assert(action.what.againAfterMs <= settings.delayMaxMs);
        this.notBeforeMs = this.nowMs + action.what.againAfterMs;
        return;
      case 'watch':
        return;
      case 'look': {
        this.looks += 1;
        assert(this.nowMs >= this.notBeforeMs, 'it looks again before its time');
        const { round } = action;
        this.after(this.random.between(0, 400), () => {
          const candidates = hosts.filter((host) => this.up.get(host) === true);
          this.send({ type: 'candidates', round, candidates, refusals: [] });
        });
        return;
      }
      case 'ask':
        this.ask(action.round, action.host);
        return;
    }
  }

  private ask(round: number, host: string): void {
    const key = `${round} ${host}`;
    assert(!this.open.has(key), `${host} is asked twice in round ${round}`);
    this.open.add(key);
    const fails = !this.calm && this.random.chance(0.3);
    // A call ends with its deadline.
    const answerMs = this.up.get(host) === true ? this.random.between(0, 3_000) : 5_000;
    this.after(answerMs, () => {
      const isDown = this.up.get(host) !== true;
      const why = isDown ? 'does not answer' : fails ? 'refuses' : null;
      this.send({ type: 'asked', round, host, why });
      if (why === null) this.joins(host);
    });
  }

  /** A backup that was started joins, whatever the protector thinks by then. */
  private joins(host: string): void {
    const join = ++this.join;
    const succeeds = this.calm || this.random.chance(0.6);
    this.after(this.random.between(500, 2_500), () => {
      // The primary takes one at a time, and the last that came.
      if (this.role !== 'alone' || join !== this.join) return;
      if (succeeds && this.up.get(host) === true) this.become('primary');
      else this.send({ type: 'join-failed', why: 'the join failed' });
    });
  }

  private become(role: 'alone' | 'primary' | 'none'): void {
    this.role = role;
    this.send({ type: 'role', role });
  }

  private wish(wanted: boolean): void {
    this.wanted = wanted;
    this.send({ type: 'wanted', wanted, only: '' });
  }

  private suspend(suspended: boolean): void {
    this.suspended = suspended;
    this.send({ type: 'suspended', suspended });
  }

  private setUp(host: string, up: boolean): void {
    const isBack = up && this.up.get(host) !== true;
    this.up.set(host, up);
    if (isBack) this.send({ type: 'host-back' });
  }

  private after(delayMs: number, run: () => void): void {
    this.later.push({ atMs: this.nowMs + delayMs, run });
  }
}

void test('protection comes back after any troubles, and never acts when it may not', () => {
  const all = seeds === undefined ? [...Array(schedules).keys()] : [Number(seeds)];
  let looks = 0;
  for (const seed of all) {
    const schedule = new Schedule(seed);
    try {
      schedule.run();
    } catch (error) {
      throw new Error(`VMFT_SIM_SEED=${seed}: ${(error as Error).message}`, { cause: error });
    }
    looks += schedule.looks;
  }
  // Two minutes with a delay of 1 s at least, and with many troubles: neither idle nor a storm.
  assert(looks / all.length > 3 && looks / all.length < 150, `${looks / all.length} looks`);
});
