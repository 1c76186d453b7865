import { X509Certificate } from 'node:crypto';

import { printable } from '../../base/printable.js';

/**
 * What a certificate of the cluster's authority says about its holder. A host's may both serve and call; an
 * operator's may only call, and calls nothing that hosts ask of each other. They differ by the extended key
 * usage (RFC 5280, 4.2.1.12): an operator's lacks serverAuth, so no client takes its holder for a host either.
 */
export interface CertificateHolder {
  readonly kind: 'host' | 'operator';
  /** The common name; never empty. */
  readonly name: string;
}

const serverAuthentication = '1.3.6.1.5.5.7.3.1';

export function holderOf(certificate: X509Certificate): CertificateHolder {
  // Without the extension a certificate is good for everything. Node's name for it is keyUsage.
  const usages = certificate.keyUsage as readonly string[] | undefined;
  const serves = usages?.includes(serverAuthentication) ?? true;
  return { kind: serves ? 'host' : 'operator', name: commonName(certificate) };
}

/** `host a`, `operator ann`. */
export function formatHolder({ kind, name }: CertificateHolder): string {
  return `${kind} ${name}`;
}

function commonName({ subject }: X509Certificate): string {
  const found = /^CN=(.*)$/m.exec(subject)?.[1] ?? '';
  return found === '' ? 'without a name' : printable(found);
}

/**
 * Why OpenSSL does not take a certificate, as an end to "the certificate of …": from its code (Node's
 * `authorizationError`), or from its text, which is all that gRPC passes on. Null: it is about something else.
 * `now` and `certificate` make it more exact where they are known.
 */
export function faultOf(
  codeOrText: string,
  certificate: X509Certificate | null,
  now: Date,
): string | null {
  if (/CERT_HAS_EXPIRED|certificate has expired/.test(codeOrText)) {
    if (certificate === null) return 'has expired, or that of its authority has';
    const end = new Date(certificate.validTo);
    return end < now ? `expired on ${day(end)}` : 'is of an authority that has expired';
  }
  if (/CERT_NOT_YET_VALID|certificate is not yet valid/.test(codeOrText)) {
    const from =
      certificate === null ? '' : ` before ${new Date(certificate.validFrom).toISOString()}`;
    return `is not valid yet${from}: compare the hosts’ clocks`;
  }
  if (/INVALID_PURPOSE|(unsuitable|unsupported) certificate purpose/.test(codeOrText)) {
    return 'is not made for this use: an operator’s cannot stand for a host';
  }
  if (foreign.test(codeOrText)) return 'is not of this cluster’s authority';
  return null;
}

const foreign = new RegExp(
  [
    'UNABLE_TO_GET_ISSUER_CERT|unable to get (local )?issuer certificate',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE|unable to verify the first certificate',
    'SELF_SIGNED_CERT|self[- ]signed certificate',
    'CERT_SIGNATURE_FAILURE|certificate signature failure',
    'INVALID_CA|invalid CA certificate|CERT_UNTRUSTED|certificate not trusted',
  ].join('|'),
);

export function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}
