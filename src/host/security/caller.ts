import {
  Metadata,
  ServerInterceptingCall,
  ServerListenerBuilder,
  status,
  type ServerInterceptor,
} from '@grpc/grpc-js';
import { X509Certificate } from 'node:crypto';

import { formatHolder, holderOf, type CertificateHolder } from '../../pair/channel/certificate.js';

/** Who calls: who could open the local socket, the holder of a certificate, or anybody where there is no TLS. */
export type Caller = CertificateHolder | { readonly kind: 'local' } | { readonly kind: 'anybody' };

/** What may be asked by hosts only: of operators neither by certificate nor on the local socket. */
const peerService = '/vmft.host.Peer/';

const callerKey = 'vmft-caller';

/** One line: `the operator on host a` is for the handler to say; this says `local`, `host b`, `operator ann`. */
export function formatCaller(caller: Caller): string {
  return 'name' in caller ? formatHolder(caller) : caller.kind;
}

/** Who made a call that came through a door, for people. */
export function callerOf(metadata: Metadata): string {
  return String(metadata.get(callerKey)[0] ?? 'anybody');
}

/**
 * Stands before every handler of a door: puts the caller in the call's metadata (over whatever the caller put
 * there), and refuses what is for hosts only. `known` is the caller of all that comes this way; null: whom
 * the certificate names.
 */
export function callerInterceptor(known: Caller | null): ServerInterceptor {
  return (method, call) => {
    const caller = known ?? callerByCertificate(call);
    const allowed =
      caller !== null &&
      (!method.path.startsWith(peerService) || caller.kind === 'host' || caller.kind === 'anybody');
    return new ServerInterceptingCall(call, {
      start: (next) => {
        next(
          new ServerListenerBuilder()
            .withOnReceiveMetadata((metadata, pass) => {
              if (!allowed) {
                call.sendStatus(notAllowed(caller, method.path));
                return;
              }
              metadata.set(callerKey, formatCaller(caller));
              pass(metadata);
            })
            .build(),
        );
      },
    });
  };
}

function callerByCertificate(call: {
  getAuthContext(): { sslPeerCertificate?: { raw: Buffer } };
}): Caller | null {
  try {
    const raw = call.getAuthContext().sslPeerCertificate?.raw;
    return raw === undefined ? null : holderOf(new X509Certificate(raw));
  } catch {
    // The connection is gone, and its certificate with it.
    return null;
  }
}

function notAllowed(
  caller: Caller | null,
  path: string,
): { code: status; details: string; metadata: Metadata } {
  const metadata = new Metadata();
  metadata.set('vmft-code', 'not-allowed');
  const who = caller === null ? 'nobody' : formatCaller(caller);
  const details = `${path.slice(1)} is for hosts to call, not for ${who}`;
  return { code: status.PERMISSION_DENIED, details, metadata };
}
