import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { exitStatusByCode } from '../../src/base/errors.js';
import { testGuest, vmft, vmftTyping } from './vmft.js';

interface Guest {
  readonly name: string;
  readonly console: readonly string[];
  readonly stop: string | null;
  readonly input?: readonly string[];
}

interface ReplayOutput {
  readonly ticks: number;
  readonly digestsChecked: number;
  readonly end: string;
  readonly code: string;
}

const root = new URL('../../..', import.meta.url);
const { guests } = JSON.parse(
  readFileSync(new URL('images/guests/manifest.json', root), 'utf8'),
) as { guests: Guest[] };

let folder = '';
const file = (name: string): string => join(folder, name);

void describe('vmft run and vmft replay', () => {
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'vmft-replay-'));
    const recorded = vmft(['run', 'timer', '--record', file('log')]);
    assert.equal(recorded.status, 0, recorded.stderr);
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  for (const { name, console: lines, stop, input } of guests) {
    if (stop === null) continue;
    void test(`the guest ${name} shows what its manifest says`, async () => {
      const typed = (input ?? []).map((line) => `${line}\n`).join('');
      const { status, stdout, stderr } = await vmftTyping(['run', name], lines[0] ?? '', typed);
      const expected = stop === 'power-off' ? 0 : exitStatusByCode['triple-fault'];
      assert.equal(status, expected, stderr);
      const shown = stdout.replaceAll('\r', '').split('\n');
      for (const line of lines) assert.ok(shown.includes(line), `"${line}" in ${stdout}`);
    });
  }

  const replay = (...options: string[]): ReturnType<typeof vmft> => vmft(['replay', ...options]);

  void test('a replay checks every digest', () => {
    const { status, stdout, stderr } = replay(file('log'), '--json');
    assert.equal(status, 0, stderr);
    const result = JSON.parse(stdout) as ReplayOutput;
    assert.equal(result.end, 'power-off');
    assert.ok(result.digestsChecked > 0 && result.ticks > 0);
  });

  void test('what one recorded by interpreting, another replays by translating, and the other way round', () => {
    const recorded = vmft(['run', 'timer', '--interpret', '--record', file('interpreted')]);
    assert.equal(recorded.status, 0, recorded.stderr);
    const results = [
      ['interpreted', replay(file('interpreted'), '--json', '--interpret')],
      ['translated', replay(file('interpreted'), '--json')],
      ['translated', replay(file('log'), '--json')],
      ['interpreted', replay(file('log'), '--json', '--interpret')],
    ] as const;
    for (const [code, { status, stdout, stderr }] of results) {
      assert.equal(status, 0, stderr);
      const result = JSON.parse(stdout) as ReplayOutput;
      assert.equal(result.code, process.arch === 'x64' ? code : 'interpreted');
      assert.equal(result.end, 'power-off');
      assert.ok(result.digestsChecked > 0);
    }
  });

  void test('--interpret is not for kvm', () => {
    const { status, stderr } = vmft(['run', 'timer', '--accel', 'kvm', '--interpret']);
    assert.equal(status, exitStatusByCode.usage);
    assert.match(stderr, /--interpret is for the accelerator soft/);
  });

  void test('--until stops at exactly that position', () => {
    const { ticks } = JSON.parse(replay(file('log'), '--json').stdout) as ReplayOutput;
    for (const until of [1, ticks >> 1, ticks - 1]) {
      const { status, stdout, stderr } = replay(file('log'), '--json', '--until', String(until));
      assert.equal(status, 0, stderr);
      assert.equal((JSON.parse(stdout) as ReplayOutput).ticks, until);
    }
  });

  void test('--until beyond the end says where the log ends', () => {
    const { status, stderr } = replay(file('log'), '--until', '999999999999999');
    assert.equal(status, exitStatusByCode.usage);
    assert.match(stderr, /the log ends at tick \d+/);
  });

  void test('a flipped bit anywhere is reported', () => {
    const whole = readFileSync(file('log'));
    for (let sample = 0; sample < 12; sample += 1) {
      const damaged = Buffer.from(whole);
      const at = Math.floor(((sample + 0.5) * whole.length) / 12);
      damaged[at] = (damaged[at] ?? 0) ^ (1 << (sample % 8));
      writeFileSync(file('damaged'), damaged);
      const { status, stderr } = replay(file('damaged'));
      assert.notEqual(status, 0, `byte ${at}`);
      assert.match(stderr.trim().split('\n').at(-1) ?? '', /^vmft: /);
    }
  });

  void test('a truncated log is reported', () => {
    const whole = readFileSync(file('log'));
    for (const bytes of [0, 5, 60, whole.length >> 1, whole.length - 1]) {
      writeFileSync(file('cut'), whole.subarray(0, bytes));
      const { status } = replay(file('cut'));
      const expected = bytes === 0 ? 'log-not-a-log' : 'log-truncated';
      if (bytes === 0 || bytes > 100) assert.equal(status, exitStatusByCode[expected], `${bytes}`);
      else assert.notEqual(status, 0);
    }
  });

  void test('a log is not replayed with another kernel', () => {
    const { status, stderr } = replay(file('log'), '--kernel', testGuest('hello'));
    assert.equal(status, exitStatusByCode['log-guest-mismatch']);
    assert.match(stderr, /not the one that was recorded/);
  });

  void test('events are one JSON object a line', () => {
    const { status } = vmft(['run', 'hello', '--json-events', file('events')]);
    assert.equal(status, 0);
    const events = readFileSync(file('events'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; realtimeMs: number });
    assert.equal(events[0]?.type, 'started');
    assert.equal(events.at(-1)?.type, 'ended');
    assert.ok(events.every(({ realtimeMs }) => realtimeMs > 0));
  });

  void test('check says what the host can do', () => {
    const { status, stdout } = vmft(['check', '--json']);
    assert.equal(status, 0);
    const { canRun, findings, kvm, replayOnKvm } = JSON.parse(stdout) as {
      canRun: boolean;
      findings: { name: string; state: string }[];
      kvm: { device: object };
      replayOnKvm: { possible: boolean; why: string };
    };
    assert.ok(canRun);
    assert.ok(findings.some(({ name }) => name === 'kvm'));
    assert.ok('value' in kvm.device || 'refused' in kvm.device);
    assert.equal(replayOnKvm.possible, replayOnKvm.why === '');
    const lines = vmft(['check']).stdout.trim().split('\n');
    assert.match(lines.at(-1) ?? '', /^replay on KVM: (yes$|no: .+)/);
  });
});
