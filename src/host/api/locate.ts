import { VmftError } from '../../base/errors.js';
import { isLive } from '../machine/machine-record.js';
import { byNewest } from '../status/machine-status.js';
import type { HostDescription } from './methods.js';

/** Where a machine's operations are carried out. */
export type Located =
  /** Live on this host, or known here and nowhere live. */
  | { readonly at: 'here' }
  | { readonly at: 'host'; readonly host: string }
  /** A backup is about to go live, or the machine starts: worth asking again in a moment. */
  | { readonly at: 'soon' }
  | { readonly at: 'nowhere'; readonly error: VmftError };

/**
 * The host that has the machine live, else this one if it has it lost or stopped, else one that does. `self` first, then the others as
 * they answered.
 */
export function locateMachine(
  name: string,
  self: HostDescription,
  others: readonly HostDescription[],
): Located {
  const seen = [self, ...others].flatMap((host) =>
    host.replicas
      .filter(({ spec }) => spec?.name === name)
      .map((replica) => ({ host: host.name, replica })),
  );
  const live = seen
    .filter(({ replica }) => isLive(replica.role))
    .sort((a, b) => byNewest(a.replica, b.replica))[0];
  const at = (host: string): Located =>
    host === self.name ? { at: 'here' } : { at: 'host', host };
  if (live !== undefined) return at(live.host);
  if (seen.some(({ replica }) => ['backup', 'starting'].includes(replica.role))) {
    return { at: 'soon' };
  }
  const kept = seen.find(({ replica }) => replica.role === 'lost') ?? seen[0];
  if (kept !== undefined) return at(kept.host);
  const silent = others.filter(({ unreachable }) => unreachable !== '').map((host) => host.name);
  const unheard = silent.length === 0 ? '' : `; ${silent.join(', ')} does not answer`;
  const error = new VmftError(
    'machine-unknown',
    `no host knows a machine ${name}${unheard}`,
    'vmft status lists the machines',
  );
  return { at: 'nowhere', error };
}
