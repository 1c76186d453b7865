import type { CounterMeasure, StopCost, VcpuCost } from '../../flow/machine/kvm-measures.js';
import { replayFailures, unfaithfulAdvice, unfaithfulLine } from '../../flow/machine/native-kvm.js';
import { limited, ok, type Finding } from './finding.js';
import type { Fact, KvmFacts, Refusal } from './kvm-facts.js';

/** Whether a pair can replay on this host's KVM; why and what to change where it cannot. */
export interface ReplayVerdict {
  readonly possible: boolean;
  readonly why: string;
  readonly whatToDo: string;
}

/** What was found, for people. Nothing of it keeps guests from running on --accel soft. */
export function kvmFindings(facts: KvmFacts): Finding[] {
  const { device, cpu, preflight, cost, counter, stops } = facts;
  return [
    finding('kvm', device, () => '/dev/kvm opens and has what vmft needs'),
    ...(cpu === null ? [] : [finding('kvm cpu', cpu, (name) => `guests get an ${name}`)]),
    ...(preflight === null ? [] : faithfulness(preflight)),
    ...(cost === null ? [] : [finding('kvm cost', cost, costText)]),
    ...(counter === null ? [] : counterFindings(counter)),
    ...(stops === null ? [] : [finding('kvm stops', stops, stopText)]),
    ...checkpointFinding(facts),
    ...specLockMapFinding(facts),
    ...tscScalingFinding(facts),
    ...nestedPagingFinding(facts),
  ];
}

/** The first reason against it decides; the order is that in which things must be changed. */
export function replayVerdict(facts: KvmFacts): ReplayVerdict {
  const { device, cpu, preflight, counter, stops } = facts;
  for (const found of [device, preflight]) {
    if (found !== null && 'refused' in found) return no(found.refused);
  }
  const failures =
    preflight !== null && 'value' in preflight ? replayFailures(preflight.value) : [];
  if (failures.length > 0) {
    return no({ why: unfaithfulLine(failures), whatToDo: unfaithfulAdvice });
  }
  if (cpu !== null && 'refused' in cpu) return no(cpu.refused);
  if (counter !== null && 'refused' in counter) return no(counter.refused);
  if (counter !== null && 'value' in counter && !counter.value.exact) {
    return no({
      why: `the counter is not exact: ${counter.value.found}`,
      whatToDo: inexactAdvice(facts),
    });
  }
  if (counter !== null && 'value' in counter && counter.value.skidMax > counter.value.skidAllowed) {
    const { skidMax, skidAllowed } = counter.value;
    return no({
      why: `overflows come up to ${skidMax} branches late, and ${skidAllowed} are allowed for`,
      whatToDo: `give more with --counter perf,skid=${2 * skidMax}`,
    });
  }
  if (stops !== null && 'refused' in stops) return no(stops.refused);
  return { possible: true, why: '', whatToDo: '' };
}

/** The last line of `vmft check`. */
export function verdictLine({ possible, why, whatToDo }: ReplayVerdict): string {
  if (possible) return 'replay on KVM: yes';
  return `replay on KVM: no: ${why}${whatToDo === '' ? '' : `; ${whatToDo}`}`;
}

function no({ why, whatToDo }: Refusal): ReplayVerdict {
  return { possible: false, why, whatToDo };
}

function finding<T>(name: string, fact: Fact<T>, text: (value: T) => string): Finding {
  if ('value' in fact) return ok(name, text(fact.value));
  return limited(name, fact.refused.why, advice(fact.refused.whatToDo));
}

function advice(text: string): string | null {
  return text === '' ? null : text;
}

function faithfulness(fact: NonNullable<KvmFacts['preflight']>): Finding[] {
  const name = 'kvm faithful';
  if ('refused' in fact) return [limited(name, fact.refused.why, advice(fact.refused.whatToDo))];
  const failures = fact.value.probes.filter(({ verdict }) => verdict !== 'works');
  if (failures.length === 0) return [ok(name, 'small guests did what the manuals say')];
  return failures.map((probe) =>
    limited(name, `${probe.name}: ${probe.detail}${needText[probe.need]}`, null),
  );
}

/** Where no counter is needed; what else is missing is told elsewhere. */
function checkpointFinding({ cpu, preflight }: KvmFacts): Finding[] {
  if (cpu === null || 'refused' in cpu || preflight === null || 'refused' in preflight) return [];
  if (replayFailures(preflight.value).length > 0) return [];
  const text = 'guests run here without a counter too (--counter none), in pairs by checkpoints';
  return [ok('kvm checkpoints', text)];
}

const needText = { anything: '', replay: '', stepping: ' (only --counter step needs it)' } as const;

function counterFindings(fact: Fact<CounterMeasure>): Finding[] {
  const name = 'kvm counter';
  if ('refused' in fact) return [limited(name, fact.refused.why, advice(fact.refused.whatToDo))];
  const { event, exact, found } = fact.value;
  return [
    exact
      ? ok(name, `${event}: exact; ${found}`)
      : limited(name, `${event}: not exact; ${found}`, null),
    skidFinding(fact.value),
  ];
}

function skidFinding(measure: CounterMeasure): Finding {
  const { overflows, skidMin, skidMedian, skidMax, skidAllowed } = measure;
  const { armNs, overflowNs, breakpointNs } = measure;
  const skid = `${overflows} overflows, ${skidMin} to ${skidMax} branches late, mostly about ${skidMedian}`;
  if (skidMax > skidAllowed) {
    return limited('kvm skid', `${skid}: more than the ${skidAllowed} that are allowed for`, null);
  }
  const costs = `arming takes ${microseconds(armNs)}, an overflow ${microseconds(overflowNs)}, a breakpoint ${microseconds(breakpointNs)}`;
  return ok('kvm skid', `${skid}, of ${skidAllowed} allowed for; ${costs}`);
}

function costText({ exitNs, stepNs, stateGetNs, stateSetNs }: VcpuCost): string {
  const state = `${microseconds(stateGetNs)} and ${microseconds(stateSetNs)}`;
  return `an exit takes ${microseconds(exitNs)}, a single step ${microseconds(stepNs)}, to get and set the state ${state}`;
}

function stopText(cost: StopCost): string {
  const { stops, stopNsMedian, hitsMedian, skidMedian, skidMax, skidAllowed } = cost;
  return `${stops} stops, each exact: ${microseconds(stopNsMedian)} and ${hitsMedian} breakpoints each; skid ${skidMedian}, at most ${skidMax} of ${skidAllowed} branches`;
}

export function microseconds(nanoseconds: number): string {
  const value = nanoseconds / 1000;
  return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} µs`;
}

const specLockMapAdvice =
  'as root, after each boot: modprobe msr, and set bit 54 of MSR 0xc0011020 on all CPUs (wrmsr -a)';

function inexactAdvice({ specLockMap, specLockMapDisabled }: KvmFacts): string {
  if (specLockMap === 'used' || specLockMapDisabled === false) {
    return `turn the speculative lock map off: ${specLockMapAdvice}`;
  }
  return 'use --counter step, which is exact and slow, --counter none with checkpoint replication, or --accel soft';
}

function specLockMapFinding({ specLockMap, specLockMapDisabled }: KvmFacts): Finding[] {
  const name = 'speculative locks';
  switch (specLockMap) {
    case null:
    case 'not-zen':
      return [];
    case 'used':
      return [
        limited(
          name,
          'the map is in use: branches are counted twice now and then',
          specLockMapAdvice,
        ),
      ];
    case 'unused':
      return [ok(name, 'the map is not in use')];
    case 'not-counted':
      if (specLockMapDisabled === null) {
        return [
          limited(
            name,
            'it cannot be seen whether the map is in use',
            'run as root, with modprobe msr',
          ),
        ];
      }
      return [
        specLockMapDisabled
          ? ok(name, 'the map is off')
          : limited(name, 'the map is on', specLockMapAdvice),
      ];
  }
}

function tscScalingFinding({ tscScaling }: KvmFacts): Finding[] {
  if (tscScaling === null) return [];
  return [
    tscScaling
      ? ok('TSC scaling', 'KVM can slow a guest’s time-stamp counter')
      : limited('TSC scaling', 'none here; vmft does without', null),
  ];
}

function nestedPagingFinding({ nestedPaging }: KvmFacts): Finding[] {
  if (nestedPaging === null) return [];
  return [
    nestedPaging
      ? ok('nested paging', 'on')
      : limited(
          'nested paging',
          'off: guests that change page tables are slow',
          'load kvm_amd with npt=1, kvm_intel with ept=1',
        ),
  ];
}
