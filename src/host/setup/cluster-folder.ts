/**
 * The folder in which `vmft host init` keeps a cluster's certificates:
 *
 *     DIR/ca.pem, ca.key            the authority; its key stays here
 *     DIR/vmft-host.service         for systemd
 *     DIR/NAME/                     what host NAME gets as /etc/vmft: ca.pem, cert.pem, key.pem, host.toml
 *     DIR/operator-NAME/            what an operator gets as ~/.config/vmft: ca.pem, cert.pem, key.pem
 *
 * Nothing that is there is written again.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { VmftError } from '../../base/errors.js';
import { readHostConfig, type PeerConfig } from '../config.js';
import type { CertificateHolder } from '../../pair/channel/certificate.js';
import {
  clusterOf,
  issueAuthority,
  issueCertificate,
  validFor,
  type Issued,
} from '../security/issue.js';
import { configText, type ConfigFields } from './config-text.js';

/** Ten years; it takes a new one of everything to replace it. */
const authorityDays = 3650;

export interface Authority extends Issued {
  readonly cluster: string;
  readonly file: string;
  /** False: it was there. */
  readonly made: boolean;
}

export class ClusterFolder {
  private constructor(
    readonly folder: string,
    readonly authority: Authority,
  ) {}

  /**
   * With the authority that is there, else with one that is made for `cluster` (null: vmft). Rejects with
   * `tls-unusable` for an authority of another cluster or half of one, and `usage` for a folder that cannot be written.
   */
  static async open(folder: string, cluster: string | null): Promise<ClusterFolder> {
    const [file, keyFile] = [join(folder, 'ca.pem'), join(folder, 'ca.key')];
    writing(folder, () => mkdirSync(folder, { recursive: true, mode: 0o700 }));
    if (existsSync(file) || existsSync(keyFile)) {
      return new ClusterFolder(folder, known(file, keyFile, cluster));
    }
    const name = cluster ?? 'vmft';
    const made = await issueAuthority(name, validFor(authorityDays));
    writeNew([
      [keyFile, made.key, 0o600],
      [file, made.certificate, 0o644],
    ]);
    return new ClusterFolder(folder, { ...made, cluster: name, file, made: true });
  }

  /** Hosts whose configuration is in this folder, by name. */
  hosts(): PeerConfig[] {
    return readdirSync(this.folder)
      .map((name) => join(this.folder, name, 'host.toml'))
      .filter((file) => existsSync(file))
      .map((file) => readHostConfig(file))
      .map(({ name, listen }) => ({ name, address: listen }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Rejects with `usage` when the host has files here already. Returns its folder. */
  async addHost(config: ConfigFields, addresses: readonly string[], days: number): Promise<string> {
    const holder = { kind: 'host', name: config.name } as const;
    return this.add(config.name, holder, addresses, days, [['host.toml', configText(config)]]);
  }

  async addOperator(name: string, days: number): Promise<string> {
    return this.add(`operator-${name}`, { kind: 'operator', name }, [], days, []);
  }

  private async add(
    name: string,
    holder: CertificateHolder,
    addresses: readonly string[],
    days: number,
    more: readonly (readonly [name: string, text: string])[],
  ): Promise<string> {
    const folder = join(this.folder, name);
    const issued = await issueCertificate(this.authority, holder, addresses, validFor(days));
    writing(folder, () => mkdirSync(folder, { mode: 0o700 }));
    writeNew([
      [join(folder, 'key.pem'), issued.key, 0o600],
      [join(folder, 'cert.pem'), issued.certificate, 0o644],
      [join(folder, 'ca.pem'), this.authority.certificate, 0o644],
      ...more.map(([file, text]) => [join(folder, file), text, 0o644] as const),
    ]);
    return folder;
  }
}

/** Writes a file that is not there; returns whether it was not. */
export function writeWhenAbsent(file: string, text: string): boolean {
  if (existsSync(file)) return false;
  writeNew([[file, text, 0o644]]);
  return true;
}

function known(file: string, keyFile: string, cluster: string | null): Authority {
  const issued = {
    certificate: readHalf(file, keyFile),
    key: readHalf(keyFile, file),
  };
  const name = clusterOf(issued, file);
  if (cluster !== null && cluster !== name) {
    throw new VmftError(
      'usage',
      `${file} is the authority of cluster ${name}, not of ${cluster}`,
      'name another --dir, or leave out --cluster',
    );
  }
  return { ...issued, cluster: name, file, made: false };
}

function readHalf(file: string, other: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch (error) {
    const { code } = error as { code?: string };
    throw new VmftError(
      'tls-unusable',
      `cannot read ${file} (${code ?? String(error)}), and ${other} is there`,
      'an authority is both: bring the other file back, or name another --dir',
      error,
    );
  }
}

/** All of the files or none; throws `usage` for one that is there. */
function writeNew(files: readonly (readonly [path: string, text: string, mode: number])[]): void {
  const written: string[] = [];
  try {
    for (const [path, text, mode] of files) {
      writing(path, () => {
        writeFileSync(path, text, { flag: 'wx', mode, flush: true });
      });
      written.push(path);
    }
  } catch (error) {
    for (const path of written) rmSync(path, { force: true });
    throw error;
  }
}

function writing(path: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'EEXIST') {
      throw new VmftError(
        'usage',
        `${path} is there already, and nothing is written over`,
        'move it away to make a new one',
        error,
      );
    }
    throw new VmftError(
      'usage',
      `cannot write ${path} (${code ?? String(error)})`,
      'name a folder that this user may write with --dir',
      error,
    );
  }
}
