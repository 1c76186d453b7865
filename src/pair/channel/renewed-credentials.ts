import { ServerCredentials } from '@grpc/grpc-js';
import { statSync } from 'node:fs';

import { readOwnCertificate } from './own-certificate.js';
import type { TlsFiles } from './tls-files.js';

/**
 * TLS of a server that may run for longer than its certificate is valid: a replica cannot be started anew as a daemon can.
 * The files are looked at now and then; connections that come after they were replaced meet the new ones. While they do
 * not go together, as between two copies, the old ones stay.
 */
export class RenewedCredentials extends ServerCredentials {
  private seen: string;

  /** A caller has to show a certificate, too. Throws `tls-unusable`. */
  constructor(
    private readonly files: TlsFiles,
    lookEveryMs: number,
  ) {
    super({ requestCert: true }, contextOf(files));
    this.seen = stampOf(files);
    setInterval(() => {
      this.look();
    }, lookEveryMs).unref();
  }

  _equals(other: ServerCredentials): boolean {
    return this === other;
  }

  private look(): void {
    try {
      const stamp = stampOf(this.files);
      if (stamp === this.seen) return;
      this.updateSecureContextOptions(contextOf(this.files));
      this.seen = stamp;
    } catch {
      // Looked at again the next time.
    }
  }
}

function contextOf(files: TlsFiles): { ca: Buffer; cert: Buffer; key: Buffer } {
  const { authority, certificate, key } = readOwnCertificate(files);
  return { ca: authority, cert: certificate, key };
}

/** Changes when a file is written or replaced. */
function stampOf({ keyFile, certificateFile, authorityFile }: TlsFiles): string {
  return [keyFile, certificateFile, authorityFile]
    .map((path) => statSync(path))
    .map(({ ino, size, mtimeMs }) => `${ino} ${size} ${mtimeMs}`)
    .join(', ');
}
