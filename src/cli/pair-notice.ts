import type { StampedPairEvent } from '../pair/role/pair-event.js';

/** A pair event in a line for people; null for those that only machines want. `formed`: there has been a pair. */
export function pairNotice(event: StampedPairEvent, formed: boolean): string | null {
  switch (event.type) {
    case 'listening':
      return `accepting a backup at ${event.address}`;
    case 'started':
    case 'state-received':
    case 'ended':
      return null;
    case 'joining':
      return `a backup is joining (generation ${event.generation})`;
    case 'join-failed':
      return `the join failed: ${event.error.message}`;
    case 'disk-copy':
      return `copying disks: ${size(event.bytes)} so far${event.leftBytes === null ? '' : `, ${size(event.leftBytes)} left`}`;
    case 'disk-trouble':
      return `disk ${event.disk} (${event.url}) waits: ${event.trouble}`;
    case 'disk-recovered':
      return `disk ${event.disk} (${event.url}) goes on after ${Math.round(event.troubleMs / 1000)} s`;
    case 'formed':
      return `protected: this is the ${event.role} (generation ${event.generation})`;
    case 'channel-broken':
      // Of a join that failed, the end says the same.
      return !formed ? null : `the logging channel broke: ${event.error.message}`;
    case 'suspected':
      return `the peer is suspected after ${Math.round(event.silenceMs)} ms of silence: ${event.reason}`;
    case 'arbiter-unreachable':
      return `waiting for the arbiter, showing nothing: ${event.error.message}`;
    case 'arbitration-won':
      return `arbitration won in ${Math.round(event.arbitrationMs)} ms`;
    case 'arbitration-lost':
      return `arbitration lost to ${event.winner}`;
    case 'backup-lost':
      return 'going on without a backup: the machine is not protected';
    case 'going-live':
      return `going live, ${event.segmentsBehind} segments to execute`;
    case 'live':
      return `live ${Math.round(event.goLiveMs)} ms after the suspicion: the machine is not protected`;
    case 'diverged':
      // The primary says it as well.
      return `the backup diverged at tick ${event.ticks}: ${event.what}`;
    case 'rebuilding':
      return `this replica diverged (tick ${event.ticks}); rebuilding it, the ${ordinal(event.divergences)} time`;
    case 'rebuild-delayed':
      return `not rebuilt yet, trying again: ${event.error.message}`;
    case 'stalled':
      return `the guest stalls: the backup has not received ${event.unacknowledgedBytes} bytes of log`;
  }
}

function size(bytes: bigint): string {
  const mib = Number(bytes) / 2 ** 20;
  return mib < 1024 ? `${Math.round(mib)} MiB` : `${(mib / 1024).toFixed(1)} GiB`;
}

const ordinalForms = new Intl.PluralRules('en', { type: 'ordinal' });
const ordinalEndings: Partial<Record<Intl.LDMLPluralRule, string>> = {
  one: 'st',
  two: 'nd',
  few: 'rd',
};

function ordinal(count: number): string {
  return `${count}${ordinalEndings[ordinalForms.select(count)] ?? 'th'}`;
}
