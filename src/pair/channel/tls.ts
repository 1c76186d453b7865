import {
  experimental,
  ServerCredentials,
  ServerInterceptingCall,
  ServerListenerBuilder,
  status,
  type ServerInterceptor,
} from '@grpc/grpc-js';
import { X509Certificate } from 'node:crypto';

import { VmftError } from '../../base/errors.js';
import { formatHolder, holderOf } from './certificate.js';
import { encodeReason } from './grpc-service.js';
import { RenewedCredentials } from './renewed-credentials.js';
import type { TlsFiles } from './tls-files.js';

export type { TlsFiles } from './tls-files.js';

/**
 * Of the logging channel's server: who joins is a host, not an operator. `null`: plain, for a network that only the two
 * hosts are on. Files that are replaced are noticed within `lookEveryMs`. Throws `tls-unusable`.
 */
export function serverCredentials(files: TlsFiles | null, lookEveryMs = 60_000): ServerCredentials {
  if (files === null) return ServerCredentials.createInsecure();
  const renewed = new RenewedCredentials(files, lookEveryMs);
  return experimental.createServerCredentialsWithInterceptors(renewed, [hostsOnly]);
}

/** A backup gets the whole guest: an operator's certificate is not enough for that. */
const hostsOnly: ServerInterceptor = (_method, call) => {
  const raw = call.getAuthContext().sslPeerCertificate?.raw;
  const holder = raw === undefined ? null : holderOf(new X509Certificate(raw));
  return new ServerInterceptingCall(call, {
    start: (next) => {
      next(
        new ServerListenerBuilder()
          .withOnReceiveMetadata((metadata, pass) => {
            if (holder?.kind === 'host') {
              pass(metadata);
              return;
            }
            const who = holder === null ? 'nobody' : formatHolder(holder);
            const reason = new VmftError('not-allowed', `a host may join, not ${who}`);
            call.sendStatus({ code: status.ABORTED, details: encodeReason(reason) });
          })
          .build(),
      );
    },
  });
};
