import { VmftError } from '../../base/errors.js';
import type { VmftEvent } from '../../cli/demo/vmft-process.js';
import type { BenchGuest } from './bench-guest.js';

export interface Protected<Result> {
  readonly result: Result;
  /** Of all guests. */
  readonly logMbitPerS: number;
}

/**
 * Measures a pair: what `measure` gives, and the log meanwhile, by the primary's account. Throws `internal` when the guest was not
 * protected all the while.
 */
export function whileProtected<Result>(
  guest: BenchGuest,
  measure: () => Promise<Result>,
): Promise<Protected<Result>> {
  return whileAllProtected([guest], measure);
}

/** The same of several at once. */
export async function whileAllProtected<Result>(
  guests: readonly BenchGuest[],
  measure: () => Promise<Result>,
): Promise<Protected<Result>> {
  const firsts = await Promise.all(guests.map((guest) => guest.nextStatus()));
  const result = await measure();
  const lasts = await Promise.all(guests.map((guest) => guest.nextStatus()));
  let mbitPerS = 0;
  for (const [index, { primary }] of guests.entries()) {
    const [first, last] = [firsts[index], lasts[index]] as [VmftEvent, VmftEvent];
    const fault = protectionFault(primary.events.slice(primary.events.indexOf(first)));
    if (fault !== null) throw new VmftError('internal', fault);
    mbitPerS += logMbitPerS(first, last);
  }
  return { result, logMbitPerS: mbitPerS };
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
