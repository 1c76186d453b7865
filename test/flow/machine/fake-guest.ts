/**
 * The guest of the fake machine: a counter server small enough to run thousands of times a second, and as
 * touchy as a real one: every input at every tick changes all outputs that follow. One with a disk answers a
 * request when it is in its journal there: a write that is an output, and whose end is an input.
 */

export type GuestInput =
  | { readonly tick: number; readonly kind: 'request'; readonly value: number }
  | { readonly tick: number; readonly kind: 'entropy'; readonly value: number }
  | { readonly tick: number; readonly kind: 'console'; readonly value: number }
  /** A disk write ended; `value` is the output that it was. */
  | { readonly tick: number; readonly kind: 'disk'; readonly value: number }
  | { readonly tick: number; readonly kind: 'power-off' | 'guest-reset'; readonly value: 0 }
  /** `value` permille. */
  | { readonly tick: number; readonly kind: 'cpu-share'; readonly value: number }
  | { readonly tick: number; readonly kind: 'snapshot'; readonly value: 0 };

export interface GuestState {
  tick: number;
  hash: number;
  counter: number;
  /** The last request answered and its answer: requests come one at a time and may be repeated. */
  lastRequest: number;
  lastAnswer: number;
  pending: number[];
  /** It has a disk. */
  readonly journals: boolean;
  /** The write that has not ended. */
  write: DiskWrite | null;
  /** Requests that are in the journal and not answered. */
  written: number[];
  outputs: number;
  /** A power-off's or reset's work takes the next tick to be done. */
  ending: 'power-off' | 'guest-reset' | null;
  ended: 'power-off' | 'guest-reset' | null;
  cpuSharePermille: number;
}

export interface DiskWrite {
  /** The output that it is. */
  readonly output: number;
  readonly request: number;
}

export function bootedGuest(seed: number, journals: boolean): GuestState {
  return {
    tick: 0,
    hash: seed >>> 0,
    counter: 0,
    lastRequest: 0,
    lastAnswer: 0,
    pending: [],
    journals,
    write: null,
    written: [],
    outputs: 0,
    ending: null,
    ended: null,
    cpuSharePermille: 1000,
  };
}

export function mix(hash: number, value: number): number {
  let mixed = Math.imul(hash ^ value, 0x9e3779b1);
  mixed ^= mixed >>> 15;
  return Math.imul(mixed, 0x85ebca77) >>> 0;
}

export function takeInput(state: GuestState, input: GuestInput): void {
  state.hash = mix(state.hash, mix(input.tick, input.value + input.kind.length));
  if (input.kind === 'request') state.pending.push(input.value);
  if (input.kind === 'disk' && state.write?.output === input.value) {
    state.written.push(state.write.request);
    state.write = null;
  }
  if (input.kind === 'power-off' || input.kind === 'guest-reset') state.ending ??= input.kind;
  if (input.kind === 'cpu-share') state.cpuSharePermille = input.value;
}

/** One tick; returns the output that it makes, or null. */
export function runTick(state: GuestState): string | null {
  state.tick += 1;
  state.ended = state.ending;
  if (state.tick % 8 === 0) state.hash = mix(state.hash, state.tick);
  if (state.tick % answerEvery === 0) {
    const queue = state.journals ? state.written : state.pending;
    const request = queue.shift();
    if (request !== undefined) return answer(state, request);
    const next = state.journals && state.write === null ? state.pending.shift() : undefined;
    if (next !== undefined) return journal(state, next);
  }
  if (state.tick % beaconEvery === 0) {
    state.outputs += 1;
    return `beacon ${state.tick} ${state.hash}`;
  }
  return null;
}

function journal(state: GuestState, request: number): string {
  state.outputs += 1;
  state.write = { output: state.outputs, request };
  return `write ${request}`;
}

function answer(state: GuestState, request: number): string {
  if (request > state.lastRequest) {
    state.counter += 1;
    state.lastRequest = request;
    state.lastAnswer = state.counter;
  }
  state.outputs += 1;
  return `answer ${request} ${state.lastAnswer}`;
}

const answerEvery = 5;
const beaconEvery = 97;
