import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { CounterMeasure, KvmProbe } from '../../../src/flow/machine/kvm-measures.js';
import type { KvmFacts } from '../../../src/cli/check/kvm-facts.js';
import { kvmFindings, replayVerdict, verdictLine } from '../../../src/cli/check/kvm-findings.js';

const stops = {
  ...{ stops: 50, stopNsMedian: 12_300, stopNsMax: 40_000, hitsMedian: 3 },
  ...{ skidMedian: 90, skidMax: 400, skidAllowed: 10_000 },
};

const exactCounter: CounterMeasure = {
  ...{ event: 'event 0x5100d1', exact: true, found: '8 runs of 65 exits' },
  ...{ runs: 8, exitsARun: 65, branchesARun: 64_064, forcedEntries: 900 },
  ...{ overflows: 100, skidMin: 3, skidMedian: 90, skidMax: 400, skidAllowed: 10_000 },
  ...{ readNs: 500, armNs: 900, overflowNs: 6_000, breakpointNs: 2_500, stepNs: 9_000 },
};

/** A host where everything is as it should be. */
const good: KvmFacts = {
  device: { value: true },
  cpu: { value: 'AuthenticAMD family 23 model 49 stepping 0' },
  preflight: { value: { probes: [] } },
  cost: { value: { exitNs: 1_500, stepNs: 1_800, stateGetNs: 20_000, stateSetNs: 30_000 } },
  counter: { value: exactCounter },
  stops: { value: stops },
  specLockMap: 'unused',
  specLockMapDisabled: true,
  tscScaling: true,
  nestedPaging: true,
  perfEventParanoid: 1,
};

/** One that works, one that a guest needs, one that only stepping does. */
const failing: KvmProbe[] = [
  { name: 'HLT', need: 'anything', verdict: 'works', detail: '' },
  { name: 'user CPUID', need: 'replay', verdict: 'wrong', detail: 'the host’s own' },
  { name: 'user step', need: 'stepping', verdict: 'does-not', detail: 'no exit' },
];

const refused = (why: string, whatToDo = ''): { refused: { why: string; whatToDo: string } } => ({
  refused: { why, whatToDo },
});

/** A fact is refused, and what hangs on it was not looked for. */
const noDevice: KvmFacts = {
  ...good,
  ...{ cpu: null, preflight: null, cost: null, counter: null, stops: null },
  ...{ specLockMap: null, specLockMapDisabled: null, tscScaling: null },
  device: refused('there is no /dev/kvm', 'load the module'),
};

const line = (facts: KvmFacts): string => verdictLine(replayVerdict(facts));

describe('what vmft check says of KVM', () => {
  it('is yes where all is well', () => {
    assert.equal(line(good), 'replay on KVM: yes');
    assert.ok(kvmFindings(good).every(({ state }) => state === 'ok'));
  });

  it('names the first reason against it, and what to change', () => {
    const cases: readonly (readonly [KvmFacts, RegExp])[] = [
      [noDevice, /^replay on KVM: no: there is no \/dev\/kvm; load the module$/],
      [{ ...good, cpu: refused('KVM does not give SSE4.2') }, /no: KVM does not give SSE4.2$/],
      [
        { ...good, preflight: { value: { probes: failing } } },
        /no: this host's KVM is not a faithful machine: it fails at user CPUID; use a host with VMX or SVM/,
      ],
      [
        {
          ...good,
          counter: refused(
            'kernel.perf_event_paranoid is 3',
            'sysctl -w kernel.perf_event_paranoid=1',
          ),
          stops: null,
        },
        /no: kernel.perf_event_paranoid is 3; sysctl/,
      ],
      [
        { ...good, counter: { value: { ...exactCounter, skidMax: 20_000 } } },
        /no: overflows come up to 20000 branches late, and 10000 are allowed for; give more with --counter perf,skid=40000/,
      ],
      [{ ...good, stops: refused('stopped 7 branches past the position') }, /no: stopped 7/],
    ];
    for (const [facts, expected] of cases) assert.match(line(facts), expected);
  });

  it('knows what makes a Zen count twice', () => {
    const counter = {
      value: { ...exactCounter, exact: false, found: 'run 3 differs at exit 17' },
    };
    const facts: KvmFacts = { ...good, counter, specLockMap: 'used', specLockMapDisabled: false };
    assert.match(
      line(facts),
      /run 3 differs at exit 17; turn the speculative lock map off: .*0xc0011020/,
    );
    const intel: KvmFacts = { ...good, counter, specLockMap: 'not-zen', specLockMapDisabled: null };
    assert.match(line(intel), /; use --counter step, which is exact and slow/);
    const names = kvmFindings(intel).map(({ name }) => name);
    assert.ok(!names.includes('speculative locks'));
    assert.equal(
      kvmFindings(facts).find(({ name }) => name === 'speculative locks')?.state,
      'limited',
    );
  });

  it('says where guests run without a counter', () => {
    const says = (facts: KvmFacts): boolean =>
      kvmFindings(facts).some(({ name, state }) => name === 'kvm checkpoints' && state === 'ok');
    assert.ok(says({ ...good, counter: refused('no counter here'), stops: null }));
    assert.ok(!says({ ...good, preflight: { value: { probes: failing } } }));
    assert.ok(!says(noDevice));
  });

  it('lists each shortcoming by its name, and leaves out what was not looked for', () => {
    const findings = kvmFindings({ ...good, preflight: { value: { probes: failing } } });
    const faithful = findings.filter(({ name }) => name === 'kvm faithful');
    assert.deepEqual(
      faithful.map((finding) => finding.found),
      ['user CPUID: the host’s own', 'user step: no exit (only --counter step needs it)'],
    );
    assert.deepEqual(
      kvmFindings(noDevice).map(({ name }) => name),
      ['kvm', 'nested paging'],
    );
  });
});
