import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { CertificateHolder } from '../../../src/pair/channel/certificate.js';
import {
  issueAuthority,
  issueCertificate,
  validFor,
  type Issued,
  type Validity,
} from '../../../src/host/security/issue.js';
import type { TlsFiles } from '../../../src/pair/channel/tls.js';

/** Authorities and certificates in a folder of their own. */
export class ClusterFiles {
  readonly folder = mkdtempSync(join(tmpdir(), 'vmft-cluster-'));
  private readonly authorities = new Map<string, Promise<Issued>>();
  private count = 0;

  authority(cluster: string, validity: Validity = validFor(2)): Promise<Issued> {
    const known = this.authorities.get(cluster) ?? issueAuthority(cluster, validity);
    this.authorities.set(cluster, known);
    return known;
  }

  /** A certificate of a cluster; `trusts`: the authority it is used with, where that is another. */
  async issue(
    cluster: string,
    holder: CertificateHolder,
    addresses: readonly string[] = ['127.0.0.1'],
    { validity = validFor(2), trusts = cluster }: { validity?: Validity; trusts?: string } = {},
  ): Promise<TlsFiles> {
    const own = await issueCertificate(await this.authority(cluster), holder, addresses, validity);
    const { certificate: authority } = await this.authority(trusts);
    const name = join(this.folder, `${holder.name}-${this.count++}`);
    const files = {
      keyFile: `${name}.key`,
      certificateFile: `${name}.pem`,
      authorityFile: `${name}.ca`,
    };
    writeFileSync(files.keyFile, own.key);
    writeFileSync(files.certificateFile, own.certificate);
    writeFileSync(files.authorityFile, authority);
    return files;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

export const host = (name: string): CertificateHolder => ({ kind: 'host', name });
export const operator = (name: string): CertificateHolder => ({ kind: 'operator', name });

/** Dates around now, in days. */
export function between(fromDays: number, toDays: number): Validity {
  const at = (days: number): Date => new Date(Date.now() + days * 86_400_000);
  return { from: at(fromDays), to: at(toDays) };
}
