import type { Command } from 'commander';

import { VmftError } from '../../base/errors.js';
import type { TlsFiles } from '../../pair/channel/tls.js';

export interface TlsOptions {
  readonly tlsKey?: string;
  readonly tlsCert?: string;
  readonly tlsCa?: string;
}

export function addTlsOptions(command: Command): Command {
  return command
    .option('--tls-key <file>', 'this host’s private key (PEM)')
    .option('--tls-cert <file>', 'this host’s certificate (PEM)')
    .option('--tls-ca <file>', 'the authority that vouches for the other host (PEM)');
}

/** All three files, or null when none is named. Throws `usage`. */
export function tlsFiles({ tlsKey, tlsCert, tlsCa }: TlsOptions): TlsFiles | null {
  if (tlsKey === undefined && tlsCert === undefined && tlsCa === undefined) return null;
  if (tlsKey === undefined || tlsCert === undefined || tlsCa === undefined) {
    throw new VmftError(
      'usage',
      'TLS needs a key, a certificate and an authority',
      'give --tls-key, --tls-cert and --tls-ca together',
    );
  }
  return { keyFile: tlsKey, certificateFile: tlsCert, authorityFile: tlsCa };
}
