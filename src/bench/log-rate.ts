import { VmftError } from '../base/errors.js';
import type { VmftEvent } from '../cli/demo/vmft-process.js';

/**
 * Of a primary's log between two moments, milliseconds since 1970, by the status events in between; they come five times a second.
 * Throws `internal` when one of them does not say that the guest was protected, or when there are less than two.
 */
export function logMbitPerS(events: readonly VmftEvent[], fromMs: number, untilMs: number): number {
  const within = events.filter(
    ({ type, realtimeMs }) => type === 'status' && realtimeMs >= fromMs && realtimeMs <= untilMs,
  );
  const unprotected = within.find((status) => status['phase'] !== 'protected');
  if (unprotected !== undefined) {
    const phase = String(unprotected['phase']);
    throw new VmftError('internal', `the pair fell apart while it was measured: ${phase}`);
  }
  const [first, last] = [within[0], within.at(-1)];
  if (first === undefined || last === undefined || first === last)
    throw new VmftError('internal', 'the primary told too little of its log');
  const bytes = Number(last['recordedBytes']) - Number(first['recordedBytes']);
  return (bytes * 8) / 1e3 / (last.realtimeMs - first.realtimeMs);
}
