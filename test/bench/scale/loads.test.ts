import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';

import { exchangesIn } from '../../../src/bench/scale/exchange-load.js';
import { memoryGuestPlan, memoryWords, workedIn } from '../../../src/bench/scale/memory-guest.js';

/** What Linux takes of a kernel command line on x86. */
const commandLineBytesMax = 2048;

void describe('what the loads of scale tell', () => {
  void test('exchanges are read from a client’s lines alone', () => {
    assert.equal(exchangesIn('exchanges 1234'), 1234);
    assert.equal(exchangesIn('a connection to 10.0.0.2 broke'), null);
  });

  void test('a console tells the last count whose line has ended', () => {
    assert.equal(workedIn('vmft-guest: eth0 10.0.0.2/24\r\nworked 4\r\nworked 8\r\nworked 1'), 8);
    assert.equal(workedIn('worked 4\r\nrandom: crng init done\r\n'), 4);
    assert.equal(workedIn('worked 4'), null);
    assert.equal(workedIn(''), null);
  });
});

void describe('the guest that uses its memory', () => {
  void test('holds five eighths of it, and says what a shell and a kernel can read', () => {
    for (const [memoryMiB, files] of [
      [256, 40],
      [2048, 320],
    ] as const) {
      const words = memoryWords(memoryMiB);
      assert.match(words, new RegExp(`-lt ${files} `));
      assert.ok(words.length < commandLineBytesMax - 256);
      const script = /^vmft\.mode=run -- sh -c "([^"]+)"$/.exec(words)?.[1] ?? '';
      const checked = spawnSync('sh', ['-n', '-c', script], { encoding: 'utf8' });
      assert.deepEqual([checked.status, checked.stderr], [0, '']);
    }
  });

  void test('larger ones have longer to fill it', () => {
    const [small, large] = [memoryGuestPlan(256), memoryGuestPlan(2048)];
    assert.ok((large.bootMsMax ?? 0) > (small.bootMsMax ?? 0));
    assert.equal(large.memoryMiB, 2048);
  });
});
