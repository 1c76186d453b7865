import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { defaultPairSettings } from '../../../src/base/limits.js';
import { PeerPulse, type RestBeat } from '../../../src/pair/role/peer-pulse.js';

const settings = defaultPairSettings;
const { heartbeatIntervalMs, tickIntervalMs, suspectAfterMs } = settings;

/** Heard once, and with its first beat sent, at 0. */
function pulseAt0(): PeerPulse {
  const pulse = new PeerPulse(1n, settings, 0);
  pulse.heartbeat(1n, 10n, 0);
  assert.equal(pulse.tick(0).length, 1);
  return pulse;
}

/** Numbers 2, 3 …, one each interval; the peer's, 11, 12 …, came `ageMs` before, until it fell silent. */
function beats(count: number, ageMs: number, heard: number): RestBeat[] {
  return Array.from({ length: count }, (_, at): RestBeat => {
    const atMs = (at + 1) * heartbeatIntervalMs;
    const came = { counter: BigInt(11 + at), echo: BigInt(1 + at), atMs: atMs - ageMs };
    return { atMs, sent: BigInt(2 + at), heard: at < heard ? [came] : [] };
  });
}

describe('a rest', () => {
  it('goes on where the role was, and the role where the rest was', () => {
    const pulse = pulseAt0();
    const rest = pulse.rest(10);
    assert.ok(rest !== null);
    assert.equal(rest.dueMs, heartbeatIntervalMs);
    assert.equal(rest.sent, 1n);
    assert.equal(rest.heard, 10n);
    assert.ok(rest.lateAfterMs < settings.suspectAfterBrokenChannelMs, 'nobody is suspected in it');
    pulse.rested(beats(4, 20, 4));
    assert.equal(pulse.lastSent, 5n);
    assert.equal(pulse.lastHeardMs, 4 * heartbeatIntervalMs - 20);
    assert.equal(pulse.beatsHeard, 5);
    const [next] = pulse.tick(5 * heartbeatIntervalMs);
    assert.ok(next?.do === 'send-heartbeat');
    assert.equal(next.counter, 6n);
    assert.equal(next.echo, 14n);
  });

  it('counts silence as ticks at its beats would', () => {
    const rested = pulseAt0();
    const ticked = pulseAt0();
    rested.rest(0);
    ticked.tickAfterMs(true, 0);
    // One beat is 400 ms late: this process stood still, and what it did not hear meanwhile does not count.
    const all = beats(6, 5, 2).map((beat, at) =>
      at < 4 ? beat : { ...beat, atMs: beat.atMs + 400 },
    );
    for (const { atMs, heard } of all) {
      for (const { counter, atMs: cameMs } of heard)
        ticked.heartbeat(1n, counter, atMs, atMs - cameMs);
      ticked.tick(atMs);
      ticked.tickAfterMs(true, atMs);
    }
    rested.rested(all.slice(0, 2));
    const calm = rested.silenceMs;
    rested.rested(all.slice(2));
    assert.ok(calm <= 5 && rested.silenceMs > 2 * heartbeatIntervalMs);
    assert.ok(rested.silenceMs < suspectAfterMs, `${rested.silenceMs} ms, not 600`);
    assert.equal(rested.lastHeardMs, ticked.lastHeardMs);
  });

  it('is none while the peer is late, or has not beaten yet', () => {
    assert.equal(new PeerPulse(1n, settings, 0).rest(0), null);
    const pulse = pulseAt0();
    const late = heartbeatIntervalMs + 2 * tickIntervalMs;
    assert.ok(pulse.rest(late) !== null);
    assert.equal(pulse.rest(late + 1), null);
  });

  it('is over after a while, whatever happens', () => {
    const untilMs = pulseAt0().rest(10)?.untilMs ?? Infinity;
    assert.ok(untilMs <= 10 + 1_000);
  });
});
