import { setTimeout as sleep } from 'node:timers/promises';

import { ClientProcess } from '../../../src/cli/demo/client-process.js';
import type { ClientResult } from '../../../src/cli/demo/counter-client.js';
import type { SeededRandom } from '../../../src/cli/demo/seeded-random.js';
import type { MachineStatus } from '../../../src/host/api/methods.js';
import type { Round, RoundKind } from './report.js';
import type { SeenEvent } from './replica-events.js';
import type { TrialCluster } from './trial-cluster.js';
import type { TrialHost } from './trial-host.js';

export type KillChoice = 'primary' | 'backup' | 'process' | 'daemon' | 'host' | 'random';

export interface RoundsPlan {
  readonly rounds: number;
  readonly kill: KillChoice | 'move';
  readonly random: SeededRandom;
  readonly tell: (line: string) => void;
}

/** After the machine is protected and the client is answered. */
const strikeAfterMs = { min: 500, max: 2_500 } as const;
const protectMsMax = 60_000;
const takeoverMsMax = 30_000;
const clientMsMax = 60_000;
/** A daemon that was killed has found its replicas again by then, or they would have been missed. */
const daemonBackMs = 2_000;

export interface RoundsResult {
  readonly rounds: readonly Round[];
  readonly client: ClientResult;
}

/**
 * A machine under load, and round after round something of it dies or is moved: protection comes back by itself. Rejects with
 * what did not happen.
 */
export async function playRounds(cluster: TrialCluster, plan: RoundsPlan): Promise<RoundsResult> {
  await cluster.protected(protectMsMax);
  const client = new ClientProcess(cluster.network);
  try {
    await client.counting(clientMsMax);
    const rounds: Round[] = [];
    for (let number = 1; number <= plan.rounds; number += 1) {
      const machine = await cluster.protected(protectMsMax);
      await sleep(plan.random.between(strikeAfterMs.min, strikeAfterMs.max));
      const round = await new OneRound(cluster, client, machine, plan).play();
      rounds.push(round);
      plan.tell(`round ${number} of ${plan.rounds}: ${lineOf(round)}; ${client.answers} answers`);
    }
    const result = await client.finish(clientMsMax);
    return { rounds: rounds.map((round) => withGap(round, result)), client: result };
  } finally {
    client.kill();
  }
}

class OneRound {
  private readonly primary: TrialHost;
  private readonly backup: TrialHost;

  constructor(
    private readonly cluster: TrialCluster,
    private readonly client: ClientProcess,
    machine: MachineStatus,
    private readonly plan: RoundsPlan,
  ) {
    this.primary = cluster.host(machine.primary);
    this.backup = cluster.host(machine.backup);
  }

  async play(): Promise<Round> {
    const kind = this.kind();
    const startedMs = Date.now();
    const round = await this.strike(kind, startedMs);
    if (!(await this.client.answeredAfter(Date.now(), clientMsMax))) {
      throw new Error(`the client is not answered any more\n${this.cluster.notices()}`);
    }
    return { ...round, untilMs: Date.now() };
  }

  private kind(): RoundKind {
    const { kill, random } = this.plan;
    const pick = <T>(of: readonly T[]): T => of[Math.floor(random.next() * of.length)] as T;
    switch (kill) {
      case 'move':
        return this.cluster.hosts.length === 2 ? 'move primary' : pick(moves);
      case 'host':
        return pick(['primary', 'backup'] as const);
      case 'random':
        return pick(['primary', 'backup', 'process', 'daemon'] as const);
      default:
        return kill;
    }
  }

  private strike(kind: RoundKind, startedMs: number): Promise<Round> {
    switch (kind) {
      case 'primary':
        return this.dies(kind, this.primary, this.backup, 'live', startedMs);
      case 'backup':
        return this.dies(kind, this.backup, this.primary, 'backup-lost', startedMs);
      case 'process':
        return this.dies(kind, this.primary, this.backup, 'live', startedMs);
      case 'daemon':
        return this.daemonDies(startedMs);
      case 'move primary':
      case 'move backup':
        return this.moves(kind, startedMs);
    }
  }

  private async dies(
    kind: RoundKind,
    victim: TrialHost,
    survivor: TrialHost,
    aloneBy: 'live' | 'backup-lost',
    startedMs: number,
  ): Promise<Round> {
    const { cluster } = this;
    if (kind === 'process') victim.killReplica();
    else await victim.die();
    const after = ofSurvivor(survivor, startedMs);
    const alone = await cluster.event(
      `host ${survivor.name} going on alone`,
      (event) => event.type === aloneBy && after(event),
      takeoverMsMax,
    );
    const suspected = await cluster.event(
      'the suspicion',
      (event) => event.type === 'suspected' && after(event),
      takeoverMsMax,
    );
    // Of two hosts the dead one has to come back first; of three it is not waited for.
    const needed = !victim.alive && cluster.hosts.length === 2;
    if (needed) await victim.boot();
    const thereMs = needed ? Date.now() : alone.realtimeMs;
    const formed = await this.formedAfter(survivor, alone.realtimeMs);
    if (!victim.alive) await victim.boot();
    return {
      ...{ kind, host: victim.name, startedMs, untilMs: 0, clientGapMs: 0 },
      detectMs: suspected.realtimeMs - startedMs,
      goLiveMs: alone.realtimeMs - suspected.realtimeMs,
      unprotectedMs: formed.realtimeMs - startedMs,
      sinceHostMs: formed.realtimeMs - Math.max(thereMs, alone.realtimeMs),
    };
  }

  /** Its replicas run on. Where nobody suspected anybody meanwhile, as a machine that is too busy lets them, the pair is what it was. */
  private async daemonDies(startedMs: number): Promise<Round> {
    const { cluster, primary, plan } = this;
    primary.killDaemon();
    await sleep(daemonBackMs / 4);
    await primary.boot();
    await sleep(daemonBackMs);
    const told = cluster.events.seen.filter(({ realtimeMs }) => realtimeMs > startedMs);
    const suspicion = told.find(({ type }) => type === 'suspected');
    const end = told.find(({ type }) => type === 'ended');
    if (suspicion !== undefined) {
      plan.tell(
        `  meanwhile host ${suspicion.host} suspected its peer after ${String(suspicion['silenceMs'])} ms`,
      );
      await cluster.protected(protectMsMax);
    } else if (end !== undefined) {
      throw new Error(`a daemon died, and a replica of host ${end.host} ended`);
    } else {
      await this.pairIsWhatItWas();
    }
    const none = { detectMs: null, goLiveMs: null, unprotectedMs: null, sinceHostMs: null };
    return { kind: 'daemon', host: primary.name, startedMs, untilMs: 0, clientGapMs: 0, ...none };
  }

  private async pairIsWhatItWas(): Promise<void> {
    const { cluster, primary } = this;
    const machine = await cluster.machineAsSeenBy(primary);
    if (machine?.primary === primary.name && machine.state === 'protected') return;
    const is = machine === null ? 'not known' : `${machine.state} on ${machine.primary}`;
    throw new Error(`behind the daemon's death the machine is ${is}\n${cluster.notices()}`);
  }

  private async moves(kind: 'move primary' | 'move backup', startedMs: number): Promise<Round> {
    const { cluster, primary, backup, plan } = this;
    const replica = kind === 'move primary' ? 'primary' : 'backup';
    const others = cluster.hosts.filter(
      (host) => host !== primary && (replica === 'primary' || host !== backup),
    );
    const to = others[Math.floor(plan.random.next() * others.length)];
    if (to === undefined) throw new Error('bug: nowhere to move to');
    await cluster.move(replica, to.name);
    const machine = await cluster.protected(protectMsMax);
    const is = replica === 'primary' ? machine.primary : machine.backup;
    if (is !== to.name) throw new Error(`the ${replica} was moved to ${to.name}, and is on ${is}`);
    return {
      ...{ kind, host: to.name, startedMs, untilMs: 0, clientGapMs: 0 },
      ...{ detectMs: null, goLiveMs: null, sinceHostMs: null },
      unprotectedMs: Date.now() - startedMs,
    };
  }

  private formedAfter(survivor: TrialHost, aloneMs: number): Promise<SeenEvent> {
    return this.cluster.event(
      'a new pair',
      ({ type, host, role, realtimeMs }) =>
        type === 'formed' && host === survivor.name && role === 'primary' && realtimeMs > aloneMs,
      protectMsMax,
    );
  }
}

const moves = ['move primary', 'move backup'] as const;

function ofSurvivor(survivor: TrialHost, startedMs: number): (event: SeenEvent) => boolean {
  return ({ host, realtimeMs }) => host === survivor.name && realtimeMs > startedMs;
}

/** The longest wait of the client that has to do with a round. */
function withGap(round: Round, { gaps }: ClientResult): Round {
  const lengths = gaps
    .filter(([from, to]) => to > round.startedMs && from < round.untilMs)
    .map(([from, to]) => to - from);
  return { ...round, clientGapMs: Math.max(0, ...lengths) };
}

function lineOf({ kind, host, detectMs, goLiveMs, unprotectedMs, sinceHostMs }: Round): string {
  if (kind === 'daemon') return `the daemon of host ${host} killed and started again`;
  if (unprotectedMs === null) return kind;
  if (detectMs === null || goLiveMs === null) {
    return `${kind} to host ${host}: protected there after ${ms(unprotectedMs)}`;
  }
  const what =
    kind === 'process' ? `the primary’s process on host ${host}` : `host ${host} of the ${kind}`;
  return `${what} killed: detected ${ms(detectMs)}, alone ${ms(goLiveMs)} later, unprotected ${ms(unprotectedMs)} (${ms(sinceHostMs ?? 0)} since there was a host for it)`;
}

function ms(value: number): string {
  return `${Math.round(value)} ms`;
}
