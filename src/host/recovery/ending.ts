import type { MachineSpec } from '../machine/machine-spec.js';
import type { ReplicaEnd } from '../supervision/replica-view.js';

/** What the end of a replica's process means for its host. */
export type Ending =
  /** The guest ended, on every replica alike. */
  | { readonly kind: 'stopped'; readonly text: string }
  /** The same, and it is to be started again. */
  | { readonly kind: 'start-again'; readonly text: string }
  /** The replica is over, and no trace of it is needed: the machine is another host's, or it never was this one's. */
  | { readonly kind: 'gone'; readonly text: string }
  /** The process died, or was ended without the guest: recovery.ts decides. */
  | { readonly kind: 'lost'; readonly text: string };

/** `end`: by the replica's own words; null: it said none. `live`: it was the machine. */
export function endingOf(
  end: ReplicaEnd | null,
  live: boolean,
  spec: Pick<MachineSpec, 'onReset'>,
): Ending {
  if (end === null) return { kind: 'lost', text: 'its process died' };
  const text = end.message === '' ? end.reason : end.message;
  switch (end.reason) {
    case 'power-off':
    case 'triple-fault':
      return { kind: 'stopped', text };
    case 'guest-reset':
      if (spec.onReset === 'end') return { kind: 'stopped', text };
      // The backup ends with its primary, which starts the machine again.
      return live ? { kind: 'start-again', text } : { kind: 'lost', text };
    case 'handed-over':
    case 'arbitration-lost':
      return { kind: 'gone', text };
    case 'stopped':
      return { kind: 'lost', text };
    default:
      return live ? { kind: 'lost', text } : { kind: 'gone', text };
  }
}
