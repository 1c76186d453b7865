import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { ClientResult } from '../../../src/cli/demo/counter-client.js';
import { isGood, summaryLines, type Round } from './report.js';

const client: ClientResult = {
  ...{ type: 'result', increments: 4711, lost: 0, duplicated: 0 },
  ...{ connectionSurvived: true, trouble: null, gaps: [] },
};

function round(unprotectedMs: number): Round {
  return {
    ...{ kind: 'primary', host: 'a', startedMs: 0, untilMs: 9, detectMs: 250, goLiveMs: 10 },
    ...{ unprotectedMs, sinceHostMs: unprotectedMs - 260, clientGapMs: 300 },
  };
}

describe('what rounds add up to', () => {
  it('is told by kind, by medians and the longest', () => {
    const none = { detectMs: null, goLiveMs: null, unprotectedMs: null, sinceHostMs: null };
    const rounds: Round[] = [
      ...[round(1_000), round(3_000), round(9_000)],
      { ...round(0), kind: 'daemon', ...none },
    ];
    const [kills, daemons, total] = summaryLines(rounds, client);
    assert.match(kills ?? '', /^primary, 3 times.*unprotected 3000 ms \(longest 9000\)/);
    assert.match(daemons ?? '', /^daemon, 1 times; medians, client gap 300 ms/);
    assert.match(total ?? '', /^4 rounds; 4711 increments acknowledged, 0 lost, 0 doubled/);
  });

  it('is good only when nothing was lost, doubled or broken', () => {
    assert.ok(isGood(client));
    assert.ok(!isGood({ ...client, lost: 1 }));
    assert.ok(!isGood({ ...client, duplicated: 1 }));
    assert.ok(!isGood({ ...client, connectionSurvived: false, trouble: 'reset' }));
  });
});
