import { ChannelCredentials, ServerCredentials, credentials } from '@grpc/grpc-js';

import { VmftError } from '../../base/errors.js';
import { readPemFile } from './pem-file.js';

/** Mutual TLS: both sides show a certificate that the other's authority file vouches for. PEM files. */
export interface TlsFiles {
  readonly keyFile: string;
  readonly certificateFile: string;
  readonly authorityFile: string;
}

/** `null`: plain, for a network that only the two hosts are on. Throws `tls-unusable`. */
export function serverCredentials(files: TlsFiles | null): ServerCredentials {
  if (files === null) return ServerCredentials.createInsecure();
  return build(() => {
    const pair = {
      private_key: readPemFile(files.keyFile),
      cert_chain: readPemFile(files.certificateFile),
    };
    return ServerCredentials.createSsl(readPemFile(files.authorityFile), [pair], true);
  });
}

export function clientCredentials(files: TlsFiles | null): ChannelCredentials {
  if (files === null) return credentials.createInsecure();
  return build(() =>
    credentials.createSsl(
      readPemFile(files.authorityFile),
      readPemFile(files.keyFile),
      readPemFile(files.certificateFile),
    ),
  );
}

function build<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof VmftError) throw error;
    const text = error instanceof Error ? error.message : String(error);
    throw new VmftError(
      'tls-unusable',
      `the TLS files are not usable: ${text}`,
      'check key and certificates',
      error,
    );
  }
}
