import type { GuestInput } from '../flow/machine/fake-guest.js';

/**
 * The guest once more, as a plain function of its whole history: what one machine that never failed
 * would have shown. Written apart from fake-guest.ts, so that both would have to be wrong alike.
 */
export function referenceOutputs(
  seed: number,
  lineage: readonly GuestInput[],
  untilTick: number,
  journals: boolean,
): string[] {
  const outputs: string[] = [];
  const waiting: number[] = [];
  const answered = new Map<number, number>();
  const journal: number[] = [];
  let writing: { request: number; output: number } | null = null;
  let newest = 0;
  let hash = seed >>> 0;
  let input = 0;
  for (let tick = 0; tick < untilTick;) {
    for (let next = lineage[input]; next?.tick === tick; next = lineage[input]) {
      if (next.kind !== 'snapshot') {
        hash = scramble(hash, scramble(tick, next.value + next.kind.length));
      }
      if (next.kind === 'request') waiting.push(next.value);
      if (next.kind === 'disk' && next.value === writing?.output) {
        journal.push(writing.request);
        writing = null;
      }
      input += 1;
    }
    tick += 1;
    if ((tick & 7) === 0) hash = scramble(hash, tick);
    const turn = tick % 5 === 0;
    const request = turn ? (journals ? journal : waiting).shift() : undefined;
    const begun: number | undefined =
      turn && journals && request === undefined && writing === null ? waiting.shift() : undefined;
    if (request !== undefined) {
      if (request > newest) {
        newest = request;
        answered.set(request, answered.size + 1);
      }
      outputs.push(`answer ${request} ${answered.get(newest) ?? 0}`);
    } else if (begun !== undefined) {
      outputs.push(`write ${begun}`);
      writing = { request: begun, output: outputs.length };
    } else if (tick % 97 === 0) {
      outputs.push(`beacon ${tick} ${hash}`);
    }
  }
  return outputs;
}

function scramble(hash: number, value: number): number {
  const first = Math.imul(hash ^ value, -1640531535);
  return Math.imul(first ^ (first >>> 15), -2048144777) >>> 0;
}
