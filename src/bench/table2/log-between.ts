import { VmftError } from '../../base/errors.js';
import type { VmftEvent } from '../../cli/demo/vmft-process.js';
import { logMbitPerS, protectionFault } from '../guest/while-protected.js';

/**
 * Of a primary's log between two moments, milliseconds since 1970, by its status lines in between. Throws `internal` when it was not
 * protected all the while, or told less than two.
 */
export function logBetween(events: readonly VmftEvent[], fromMs: number, untilMs: number): number {
  const within = events.filter(({ realtimeMs }) => realtimeMs >= fromMs && realtimeMs <= untilMs);
  const fault = protectionFault(within);
  if (fault !== null) throw new VmftError('internal', fault);
  const [first, ...later] = within.filter(({ type }) => type === 'status');
  const last = later.at(-1);
  if (first === undefined || last === undefined)
    throw new VmftError('internal', 'the primary told too little of its log');
  return logMbitPerS(first, last);
}
