import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { projectRoot } from '../../src/cli/project-paths.js';
import { recordGuest, replayFrames, testGuestConfig } from './native-guest.js';

interface Guest {
  readonly name: string;
  readonly console: readonly string[];
  readonly stop: string | null;
  readonly input?: readonly string[];
}

const { guests } = JSON.parse(
  readFileSync(join(projectRoot, 'images/guests/manifest.json'), 'utf8'),
) as { guests: Guest[] };

void describe('every test guest, recorded and replayed', () => {
  for (const { name, console: lines, stop, input } of guests) {
    void test(name, async () => {
      const config = testGuestConfig(name);
      const live = await recordGuest(config, lines, input, stop === null);
      assert.deepEqual(live.console.replaceAll('\r', '').trimEnd().split('\n'), lines);
      assert.equal(live.stopped.reason, stop ?? 'power-off', live.stopped.message);

      const frames = live.segments.map(({ frame }) => frame);
      const again = await replayFrames(config, frames);
      assert.equal(again.stopped.reason, live.stopped.reason, again.stopped.message);
      assert.deepEqual(again.digest, live.digest);
      assert.ok(again.digestsChecked >= BigInt(frames.length), 'every segment has a digest');
      assert.equal(again.console, '', 'a replica shows the world nothing');

      // Anywhere on the way two replicas that stop there are the same.
      const end = live.stopped.position.ticks;
      for (const until of [1n, end / 3n, end - 1n]) {
        const one = await replayFrames(config, frames, until);
        const other = await replayFrames(config, frames, until);
        assert.equal(one.digest.position.ticks, until);
        assert.deepEqual(one.digest, other.digest);
      }
    });
  }
});
