import { readFileSync } from 'node:fs';

import { ChannelCredentials, ServerCredentials, credentials } from '@grpc/grpc-js';

import { VmftError } from '../../base/errors.js';

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
    const pair = { private_key: read(files.keyFile), cert_chain: read(files.certificateFile) };
    return ServerCredentials.createSsl(read(files.authorityFile), [pair], true);
  });
}

export function clientCredentials(files: TlsFiles | null): ChannelCredentials {
  if (files === null) return credentials.createInsecure();
  return build(() =>
    credentials.createSsl(
      read(files.authorityFile),
      read(files.keyFile),
      read(files.certificateFile),
    ),
  );
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new VmftError(
      'tls-unusable',
      `cannot read ${path}`,
      'name a PEM file that this user may read',
      error,
    );
  }
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
