/** Where the time goes where a goal is missed: what profiles have shown; docs/performance.md has the figures. */

import type { GoalName } from './goals.js';

const cores =
  'Both replicas share the processors of this one machine. Where these are two, each has a vCPU, and the event loops take 3.5 % of each for a guest that computes, 8 to 10 % for one that writes to its disk all the time; unprotected, they have the other processor.';
const wayThere =
  'Each output waits for the way to the backup and back: on one machine three turns of an event loop through gRPC, about 0.3 ms each.';

const causes: { readonly [Name in GoalName]?: string } = {
  managed: cores,
  compile: cores,
  oltp: `${cores} Each flush of the disk is an output of its own, and ${lower(wayThere)}`,
  'web-shop': `${cores} Each answer is an output, and ${lower(wayThere)}`,
  receive: `Each received frame goes to the backup as well, through the event loops of both replicas. ${cores}`,
  transmit: `${wayThere} ${cores}`,
  'idle-cpu':
    'Each wake of an event loop costs 0.2 to 0.4 ms in a virtual machine, whatever little it does; twenty a second are heartbeats.',
  ping: wayThere,
  tcp: wayThere,
};

/** Null: none is known. */
export function causeOf(goal: GoalName): string | null {
  return causes[goal] ?? null;
}

function lower(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}
