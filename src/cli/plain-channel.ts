import { isIP } from 'node:net';

import type { Address } from '../pair/channel/address.js';
import type { TlsFiles } from '../pair/channel/tls.js';

/** Guest memory crosses the channel, and who can join gets it: say so when nothing protects it. */
export function warnOfPlainChannel({ host }: Address, tls: TlsFiles | null): void {
  const loopback = host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
  if (tls !== null || loopback) return;
  process.stderr.write(
    'vmft: note: without --tls-key, --tls-cert and --tls-ca the logging channel is open to anyone on its network\n',
  );
}
