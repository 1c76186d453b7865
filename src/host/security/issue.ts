/**
 * Makes the cluster's certificates: an authority, and what it vouches for. X.509 by @peculiar/x509, which works on
 * Node's webcrypto and needs no program beside it.
 */
import 'reflect-metadata';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  AuthorityKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
  type Extension,
} from '@peculiar/x509';
import { createPrivateKey, randomBytes, webcrypto, X509Certificate as Parsed } from 'node:crypto';
import { isIP } from 'node:net';

import { VmftError } from '../../base/errors.js';
import type { CertificateHolder } from '../../pair/channel/certificate.js';

/** PEM texts. */
export interface Issued {
  readonly certificate: string;
  /** PKCS #8, not encrypted. */
  readonly key: string;
}

export interface Validity {
  readonly from: Date;
  readonly to: Date;
}

/** From an hour ago, for clocks that differ. */
export function validFor(days: number, now = new Date()): Validity {
  const from = new Date(now.getTime() - 3_600_000);
  return { from, to: new Date(now.getTime() + days * 86_400_000) };
}

const curve = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const signing = { name: 'ECDSA', hash: 'SHA-256' } as const;

/** `cluster`: letters, digits, - and _. */
export async function issueAuthority(cluster: string, validity: Validity): Promise<Issued> {
  const keys = await newKeys();
  const name = `CN=vmft cluster ${cluster}`;
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name,
    notBefore: validity.from,
    notAfter: validity.to,
    keys,
    signingAlgorithm: signing,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return issued(certificate, keys);
}

/** `addresses`: IP addresses and DNS names of a host by which others call it, beside its own name. */
export async function issueCertificate(
  authority: Issued,
  holder: CertificateHolder,
  addresses: readonly string[],
  validity: Validity,
): Promise<Issued> {
  const keys = await newKeys();
  const issuer = new X509Certificate(authority.certificate);
  const serves = holder.kind === 'host';
  const extensions: Extension[] = [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([
      ...(serves ? [ExtendedKeyUsage.serverAuth] : []),
      ExtendedKeyUsage.clientAuth,
    ]),
    await SubjectKeyIdentifierExtension.create(keys.publicKey),
    await AuthorityKeyIdentifierExtension.create(await issuer.publicKey.export()),
  ];
  if (serves) {
    const names = [...new Set([holder.name, ...addresses])].map((value) => {
      return { type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value };
    });
    extensions.push(new SubjectAlternativeNameExtension(names));
  }
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: `CN=${holder.name}, OU=${holder.kind}`,
    issuer: issuer.subject,
    notBefore: validity.from,
    // Beyond its authority's end it would not be taken anyway.
    notAfter: validity.to < issuer.notAfter ? validity.to : issuer.notAfter,
    publicKey: keys.publicKey,
    signingKey: await signingKey(authority),
    signingAlgorithm: signing,
    extensions,
  });
  return issued(certificate, keys);
}

/** The name that `issueAuthority` was given; throws `tls-unusable` for what is no authority with its key. */
export function clusterOf(authority: Issued, file: string): string {
  let fault = 'is not a certificate and its key';
  try {
    const certificate = new Parsed(authority.certificate);
    const match = certificate.checkPrivateKey(createPrivateKey(authority.key));
    const name = /^CN=vmft cluster (.+)$/m.exec(certificate.subject)?.[1];
    if (match && certificate.ca && name !== undefined) return name;
    fault = match ? 'is not an authority that `vmft host init` made' : 'has another key beside it';
  } catch {
    // As it stands.
  }
  throw new VmftError('tls-unusable', `${file} ${fault}`, 'name another --dir');
}

async function signingKey(authority: Issued): Promise<webcrypto.CryptoKey> {
  const der = createPrivateKey(authority.key).export({ type: 'pkcs8', format: 'der' });
  return webcrypto.subtle.importKey('pkcs8', der, curve, false, ['sign']);
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(curve, true, ['sign', 'verify']);
}

/** Positive, 127 bits. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes.writeUInt8(bytes.readUInt8(0) & 0x7f, 0);
  return bytes.toString('hex');
}

async function issued(
  certificate: X509Certificate,
  keys: webcrypto.CryptoKeyPair,
): Promise<Issued> {
  const der = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    certificate: `${certificate.toString('pem')}\n`,
    key: `${PemConverter.encode(der, 'PRIVATE KEY')}\n`,
  };
}
