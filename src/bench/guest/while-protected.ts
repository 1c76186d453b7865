import { VmftError } from '../../base/errors.js';
import type { VmftEvent } from '../../cli/demo/vmft-process.js';
import type { BenchGuest } from './bench-guest.js';

/**
 * Measures a pair: what `measure` gives, and the log meanwhile, by the primary's account. Throws `internal` when the guest was not
 * protected all the while.
 */
export async function whileProtected<Result>(
  guest: BenchGuest,
  measure: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly logMbitPerS: number }> {
  const { events } = guest.primary;
  const first = await guest.nextStatus();
  const from = events.indexOf(first);
  const result = await measure();
  await guest.nextStatus();
  const fault = protectionFault(events.slice(from));
  if (fault !== null) throw new VmftError('internal', fault);
  return { result, logMbitPerS: logMbitPerS(first, guest.status()) };
}

/** Between two status lines of a primary. */
export function logMbitPerS(from: VmftEvent, to: VmftEvent): number {
  const bytes = Number(to['recordedBytes']) - Number(from['recordedBytes']);
  return (bytes * 8) / 1e3 / (to.realtimeMs - from.realtimeMs);
}

/** Why what a primary told is not that of a protected guest; null: it is. */
export function protectionFault(events: readonly VmftEvent[]): string | null {
  for (const event of events) {
    if (event.type === 'backup-lost' || event.type === 'diverged') {
      return `the pair fell apart while it was measured (${event.type})`;
    }
    if (event.type === 'status' && event['phase'] !== 'protected') {
      return `the guest was not protected while it was measured (${String(event['phase'])})`;
    }
  }
  return null;
}
