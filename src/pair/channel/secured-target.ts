import { credentials, type ChannelCredentials, type ChannelOptions } from '@grpc/grpc-js';
import { X509Certificate } from 'node:crypto';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';

import { printable } from '../../base/printable.js';
import { VmftError } from '../../base/errors.js';
import { formatAddress, type Address } from './address.js';
import { systemReason } from './grpc-service.js';
import type { TlsFiles } from './tls-files.js';
import { faultOf, formatHolder, holderOf } from './certificate.js';
import { readOwnCertificate } from './own-certificate.js';

/** What gRPC's client takes. */
export interface SecuredTarget {
  readonly target: string;
  readonly credentials: ChannelCredentials;
  readonly options: ChannelOptions;
}

/**
 * For calls to a host: to its daemon, or to a replica there. It must show a certificate of the same authority, for the address or name that
 * is called and, with `hostName`, of the host of that name in the cluster. `null`: plain. Throws `tls-unusable`.
 */
export function securedTarget(
  address: Address,
  tls: TlsFiles | null,
  hostName: string | null = null,
): SecuredTarget {
  const target = formatAddress(address);
  if (tls === null) return { target, credentials: credentials.createInsecure(), options: {} };
  const own = readOwnCertificate(tls);
  return {
    target,
    credentials: credentials.createSsl(own.authority, own.key, own.certificate, {
      // Not by the name below.
      checkServerIdentity: (_name, certificate) => wrongHost(address.host, certificate, hostName),
    }),
    // gRPC would send the IP address as a name, which RFC 6066 forbids and Node warns of.
    options: { 'grpc.ssl_target_name_override': 'vmft-host' },
  };
}

/** Its text reaches {@link connectionFault} in gRPC's. */
function wrongHost(
  address: string,
  certificate: PeerCertificate,
  hostName: string | null,
): Error | undefined {
  if (checkServerIdentity(address, certificate) !== undefined) {
    const names = printable(certificate.subjectaltname ?? 'nobody').replaceAll(' Address', '');
    return new Error(`${wrong}is for ${names}, not for ${address}`);
  }
  const holder = holderOf(new X509Certificate(certificate.raw));
  if (hostName === null || holder.name === hostName) return undefined;
  return new Error(`${wrong}is that of ${formatHolder(holder)}, not of host ${hostName}`);
}

const wrong = 'the host’s certificate ';

/**
 * Why no connection came about, from the text of gRPC's UNAVAILABLE: `certificate-refused` when this side does
 * not take the host's certificate (the other case is told by the host itself: door.ts), else `host-unreachable`.
 */
export function connectionFault(address: string, details: string, tls: TlsFiles | null): VmftError {
  const fault = certificateFault(details);
  if (fault !== null) {
    return new VmftError(
      'certificate-refused',
      `the certificate of the host at ${address} ${fault}`,
      'check the address and that host’s files (docs/host.md, Certificates)',
    );
  }
  return new VmftError(
    'host-unreachable',
    `no vmft host answers at ${address}: ${systemReason(plainReason(details, tls))}`,
    `check the address, that \`vmft host\` runs there, and that both sides use TLS or neither`,
  );
}

/** Why this side does not take the other's certificate, from gRPC's text; null: it is something else. */
export function certificateFault(details: string): string | null {
  const named = new RegExp(`${wrong}(is .*?)(?=\\. Resolution note|\\.? *$)`).exec(details)?.[1];
  return named ?? faultOf(details, null, new Date());
}

/** What the two sides of a half-secured connection see of it. */
function plainReason(details: string, tls: TlsFiles | null): string {
  if (tls !== null && /wrong version number|packet length too long/i.test(details)) {
    return 'it speaks no TLS';
  }
  if (
    tls === null &&
    /socket hang up|ECONNRESET|connection dropped|Protocol error|Failed to connect \(/i.test(
      details,
    )
  ) {
    return 'the connection was closed at once: it may want TLS';
  }
  return details;
}
