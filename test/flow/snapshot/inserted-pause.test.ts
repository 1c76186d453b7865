import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { VmftError } from '../../../src/base/errors.js';
import { InsertedPause } from '../../../src/flow/snapshot/inserted-pause.js';
import type { LiveOptions, Machine, Position } from '../../../src/flow/machine/machine.js';

const here: Position = { ticks: 1n, rip: 0n, rcx: 0n, registers: 0n, exits: 0n };

function options(generation: bigint): LiveOptions {
  return {
    generation,
    gated: false,
    recording: false,
    replication: 'replay',
    unacknowledgedBytesMax: 1,
  };
}

/** A machine that only keeps its modes, as native/runner/runner.h has them. */
class ModeMachine {
  mode: 'created' | 'live' | 'paused' | 'stopped' = 'created';
  readonly done: string[] = [];
  private copying = false;
  private pauses: ((position: Position) => void)[] = [];

  startLive({ generation }: LiveOptions): void {
    this.to('created', 'live', `start ${generation}`);
  }
  pause(): Promise<Position> {
    if (this.mode !== 'live') throw new Error(`pause: it is ${this.mode}`);
    return new Promise((resolve) => this.pauses.push(resolve));
  }
  /** The vCPU has come to a stop. */
  stand(): void {
    this.to('live', 'paused', 'paused');
    for (const resolve of this.pauses.splice(0)) resolve(here);
  }
  resume({ generation }: LiveOptions): void {
    this.to('paused', 'live', `resume ${generation}`);
  }
  reconfigure({ generation }: LiveOptions): void {
    this.to('live', 'live', `reconfigure ${generation}`);
  }
  copyBegin(): void {
    if (this.copying) throw new Error('copyBegin: twice');
    this.copying = true;
    this.done.push('copy');
  }
  copyEnd(): void {
    this.copying = false;
    this.done.push('copied');
  }
  stop(): void {
    this.mode = 'stopped';
  }
  status(): { mode: string } {
    return { mode: this.mode };
  }

  private to(from: string, to: typeof this.mode, what: string): void {
    if (this.mode !== from) throw new Error(`${what}: it is ${this.mode}, not ${from}`);
    this.mode = to;
    this.done.push(what);
  }
}

function inserted(): { own: ModeMachine; role: Machine; pause: InsertedPause } {
  const own = new ModeMachine();
  const pause = new InsertedPause(own as unknown as Machine);
  pause.machine.startLive(options(1n));
  return { own, role: pause.machine, pause };
}

const isBusy = (error: VmftError): boolean => error.code === 'wrong-mode';

/** What was promised comes in later turns. */
const turns = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

void describe('a pause beside the role', () => {
  test('goes on as the role wants it at its end', async () => {
    const { own, role, pause } = inserted();
    const paused = pause.whilePaused(async () => {
      role.reconfigure(options(2n));
      return own.mode;
    });
    own.stand();
    assert.equal(await paused, 'paused');
    assert.deepEqual(own.done, ['start 1', 'paused', 'resume 2']);
  });

  test('is over before the role’s own begins, and the role’s comes', async () => {
    const { own, role, pause } = inserted();
    let finish: () => void = () => undefined;
    const paused = pause.whilePaused(
      () =>
        new Promise<void>((resolve) => {
          finish = resolve;
        }),
    );
    own.stand();
    await turns();
    let rolePaused = false;
    const asked = role.pause().then(() => (rolePaused = true));
    await turns();
    finish();
    await paused;
    await turns();
    assert.equal(rolePaused, false);
    assert.equal(own.mode, 'live');
    own.stand();
    await asked;
    await assert.rejects(
      pause.whilePaused(async () => undefined),
      isBusy,
    );
    assert.throws(() => {
      pause.beginCopy();
    }, isBusy);
    role.resume(options(3n));
    pause.beginCopy();
    assert.deepEqual(own.done, ['start 1', 'paused', 'resume 1', 'paused', 'resume 3', 'copy']);
  });

  test('gives its copy up to the role’s', () => {
    const { own, role, pause } = inserted();
    pause.beginCopy();
    role.copyBegin();
    assert.throws(() => pause.copied, isBusy);
    pause.endCopy();
    assert.deepEqual(own.done, ['start 1', 'copy', 'copied', 'copy']);
  });

  test('goes on when its work fails, and does not wake what has ended', async () => {
    const { own, pause } = inserted();
    const failing = pause.whilePaused(async () => {
      throw new Error('the disk is full');
    });
    own.stand();
    await assert.rejects(failing, /the disk is full/);
    assert.equal(own.mode, 'live');
    const ended = pause.whilePaused(async () => {
      own.stop();
    });
    own.stand();
    await ended;
    assert.equal(own.mode, 'stopped');
  });
});
