import type { CopyCost, CopyStatus, StampedPairEvent } from '../pair/role/pair-event.js';

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
      return `a backup is joining (generation ${event.generation}), by ${event.replication}: ${event.why}`;
    case 'join-failed':
      return `the join failed: ${event.error.message}`;
    case 'copy':
      return `copying the machine: ${copyLine(event)}`;
    case 'copy-received':
      return `taking the machine in: ${formatBytes(event.bytes)} so far, ${formatBytes(event.bytesPerSecond)}/s`;
    case 'handing-over':
      return 'handing the machine over to the backup';
    case 'hand-over-failed':
      return `the hand-over failed, the machine runs on here: ${event.error.message}`;
    case 'handed-over':
      return 'the primary hands the machine over';
    case 'replay-given-up':
      return `it diverges too often (${event.divergences} times): this host asks for checkpoints instead of the log`;
    case 'disk-trouble':
      return `disk ${event.disk} (${event.url}) waits: ${event.trouble}`;
    case 'disk-recovered':
      return `disk ${event.disk} (${event.url}) goes on after ${Math.round(event.troubleMs / 1000)} s`;
    case 'formed':
      return `protected: this is the ${event.role} (generation ${event.generation}, by ${event.replication})${event.role === 'primary' ? cost(event) : ''}`;
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

function cost({ pauseMs, copyMs, sentBytes }: CopyCost): string {
  const took = `${formatBytes(sentBytes)} in ${(copyMs / 1000).toFixed(1)} s`;
  return `; ${took}, the guest stood still for ${Math.round(pauseMs)} ms`;
}

/** The copy of a machine, in half a line. */
export function copyLine({ sentBytes, leftBytes, bytesPerSecond, throttle }: CopyStatus): string {
  const slowed = throttle === 0 ? '' : `, the guest slowed by ${Math.round(100 * throttle)} %`;
  return `${formatBytes(sentBytes)} so far, ${formatBytes(leftBytes)} left, ${formatBytes(bytesPerSecond)}/s${slowed}`;
}

export function formatBytes(bytes: number): string {
  const mib = bytes / 2 ** 20;
  if (mib >= 1024) return `${(mib / 1024).toFixed(1)} GiB`;
  return mib >= 10 ? `${Math.round(mib)} MiB` : `${mib.toFixed(1)} MiB`;
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
