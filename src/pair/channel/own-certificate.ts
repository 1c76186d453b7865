import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';

import { VmftError } from '../../base/errors.js';
import { readPemFile } from './pem-file.js';
import type { TlsFiles } from './tls-files.js';
import { day, faultOf, holderOf, type CertificateHolder } from './certificate.js';

/** Key, certificate and authority as TLS takes them, looked through before anybody else sees them. */
export interface OwnCertificate {
  readonly key: Buffer;
  readonly certificate: Buffer;
  readonly authority: Buffer;
  readonly holder: CertificateHolder;
  readonly validTo: Date;
}

/**
 * Reads the three files. What the other side would refuse is told here already, where it can be mended: throws
 * `tls-unusable` for a file that cannot be read or parsed, a key of another certificate, a certificate that is
 * not of the authority, or not valid now.
 */
export function readOwnCertificate(files: TlsFiles, now = new Date()): OwnCertificate {
  const [key, certificate, authority] = [
    readPemFile(files.keyFile),
    readPemFile(files.certificateFile),
    readPemFile(files.authorityFile),
  ];
  const own = parse(files.certificateFile, () => new X509Certificate(certificate));
  const authorities = certificatesIn(authority).map((pem) =>
    parse(files.authorityFile, () => new X509Certificate(pem)),
  );
  if (authorities.length === 0) throw unusable(`${files.authorityFile} holds no certificate`);
  const privateKey = parse(files.keyFile, () => createPrivateKey(key));
  requireKeyOf(own, privateKey, files);
  requireValid(own, files.certificateFile, now);
  for (const each of authorities) requireValid(each, files.authorityFile, now);
  // Through intermediate ones it is for OpenSSL to find.
  const direct = certificatesIn(certificate).length === 1;
  if (direct && !authorities.some((each) => own.checkIssued(each) && own.verify(each.publicKey))) {
    throw unusable(
      `the certificate ${files.certificateFile} is not of the authority ${files.authorityFile}`,
    );
  }
  const validTo = new Date(own.validTo);
  return { key, certificate, authority, holder: holderOf(own), validTo };
}

function requireKeyOf(own: X509Certificate, key: KeyObject, files: TlsFiles): void {
  if (own.checkPrivateKey(key)) return;
  throw unusable(`${files.keyFile} is not the key of the certificate ${files.certificateFile}`);
}

function requireValid(certificate: X509Certificate, file: string, now: Date): void {
  const early = new Date(certificate.validFrom) > now;
  if (!early && new Date(certificate.validTo) > now) return;
  const code = early ? 'CERT_NOT_YET_VALID' : 'CERT_HAS_EXPIRED';
  throw new VmftError(
    'tls-unusable',
    `the certificate ${file} ${faultOf(code, certificate, now) ?? code}`,
    early ? 'set this host’s clock' : 'make a new one (docs/host.md, Certificates)',
  );
}

/** A line when the end of the certificate is near, null before. */
export function renewalNotice(
  { validTo }: Pick<OwnCertificate, 'validTo'>,
  file: string,
  now = new Date(),
): string | null {
  const days = Math.floor((validTo.getTime() - now.getTime()) / dayMs);
  if (days >= noticeDays) return null;
  return `the certificate ${file} expires on ${day(validTo)}: make a new one (docs/host.md, Certificates)`;
}

const dayMs = 86_400_000;
const noticeDays = 30;

function certificatesIn(pem: Buffer): string[] {
  const block = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;
  return pem.toString('latin1').match(block) ?? [];
}

function parse<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw unusable(`${file} is not a PEM file of the right kind`, error);
  }
}

function unusable(message: string, cause?: unknown): VmftError {
  return new VmftError('tls-unusable', message, 'see `vmft host init`', cause);
}
