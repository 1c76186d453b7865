/** What rounds add up to. Pure: no clock, no process. */
import { median } from '../../../src/bench/cpu-report.js';
import type { ClientResult } from '../../../src/cli/demo/counter-client.js';

/** Of the first two the whole host dies; `process`: the primary's process alone. */
export type RoundKind =
  'primary' | 'backup' | 'process' | 'daemon' | 'move primary' | 'move backup';

/** Times in milliseconds; null: there is none of it in this kind. */
export interface Round {
  readonly kind: RoundKind;
  /** That died, or that the replica was moved to. */
  readonly host: string;
  /** From the kill, or the command, to when the next round may begin; since 1970. */
  readonly startedMs: number;
  readonly untilMs: number;
  /** From the kill to the suspicion, and from there to being alone and live. */
  readonly detectMs: number | null;
  readonly goLiveMs: number | null;
  /** From the kill to the next pair's being formed; of a move, from the command to its end. */
  readonly unprotectedMs: number | null;
  /** The same from when there was a host that could take the new backup, and a survivor. */
  readonly sinceHostMs: number | null;
  readonly clientGapMs: number;
}

export function summaryLines(rounds: readonly Round[], client: ClientResult): string[] {
  const kinds = [...new Set(rounds.map(({ kind }) => kind))];
  const { increments, lost, duplicated, connectionSurvived, trouble } = client;
  const connection = connectionSurvived ? 'connection kept' : `connection LOST (${trouble ?? ''})`;
  return [
    ...kinds.map((kind) =>
      kindLine(
        kind,
        rounds.filter((round) => round.kind === kind),
      ),
    ),
    `${rounds.length} rounds; ${increments} increments acknowledged, ${lost} lost, ${duplicated} doubled, ${connection}`,
  ];
}

export function isGood({ lost, duplicated, connectionSurvived }: ClientResult): boolean {
  return lost + duplicated === 0 && connectionSurvived;
}

function kindLine(kind: RoundKind, rounds: readonly Round[]): string {
  const part = (name: string, pick: (round: Round) => number | null): string => {
    const values = rounds.map(pick).filter((value) => value !== null);
    if (values.length === 0) return '';
    const most = Math.round(Math.max(...values));
    return `, ${name} ${Math.round(median(values))} ms (longest ${most})`;
  };
  return (
    `${kind}, ${rounds.length} times; medians` +
    part('detected', ({ detectMs }) => detectMs) +
    part('alone after', ({ goLiveMs }) => goLiveMs) +
    part(kind.startsWith('move') ? 'done after' : 'unprotected', (round) => round.unprotectedMs) +
    part('of that since there was a host', ({ sinceHostMs }) => sinceHostMs) +
    part('client gap', ({ clientGapMs }) => clientGapMs)
  );
}
