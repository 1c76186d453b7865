import { readFileSync } from 'node:fs';

import { VmftError } from '../../base/errors.js';
import { limits } from '../../base/limits.js';
import { formatAddress, type Address } from '../channel/address.js';
import { readPemFile } from '../channel/pem-file.js';

/** An etcd cluster as the user names it. */
export interface EtcdUrl {
  readonly members: readonly Address[];
  /** Keys begin with it: `/vmft` by default. No slash at its end. */
  readonly prefix: string;
  readonly user: { readonly name: string; readonly password: string } | null;
  /** PEM; null: plain. */
  readonly tls: EtcdTls | null;
  /** The URL without the password, for messages and `status`. */
  readonly shown: string;
}

export interface EtcdTls {
  /** null: the authorities that the system knows. */
  readonly authority: Buffer | null;
  readonly client: { readonly key: Buffer; readonly certificate: Buffer } | null;
}

const form =
  'write it as etcd://[user@]host[:port][,host[:port]…][/prefix][?ca=FILE&cert=FILE&key=FILE]';
const portOfEtcd = 2379;
const filesOfTls = ['ca', 'cert', 'key'] as const;

/**
 * `etcd://[user[:password]@]host[:port][,host[:port]…][/prefix][?tls&ca=FILE&cert=FILE&key=FILE&password-file=FILE]`
 *
 * What the URL does not say of these files the environment may: VMFT_ETCD_CA, VMFT_ETCD_CERT, VMFT_ETCD_KEY,
 * VMFT_ETCD_PASSWORD (the password itself: other users can read a command line, not an environment).
 * Any of ca, cert and key, or `tls`, means TLS. Throws `usage` and, for the files, `tls-unusable`.
 */
export function parseEtcdUrl(
  url: string,
  environment: Readonly<Record<string, string | undefined>>,
): EtcdUrl {
  const match =
    /^etcd:\/\/(?:([^/?#@:]+)(?::([^/?#@]*))?@)?([^/?#@]+)(\/[^?#]*)?(?:\?([^#]*))?$/.exec(url);
  if (match === null || url.length > limits.arbiterUrlLengthMax) {
    throw new VmftError('usage', 'that does not name an etcd cluster', form);
  }
  const [, user, passwordInUrl, hosts = '', path = '', query = ''] = match;
  const options = parseQuery(query);
  const members = hosts.split(',').map(parseMember);
  if (members.length > limits.etcdMembersMax) {
    throw new VmftError('usage', `at most ${limits.etcdMembersMax} members of an etcd cluster`);
  }
  const prefix = path.replace(/\/+$/, '');
  if (!/^(\/[A-Za-z0-9._-]+)*$/.test(prefix)) {
    throw new VmftError('usage', `"${path}" cannot be a prefix of keys`, form);
  }
  return {
    members,
    prefix: prefix === '' ? '/vmft' : prefix,
    user:
      user === undefined
        ? null
        : { name: unescape(user), password: password(passwordInUrl, options, environment) },
    tls: readTls(options, environment),
    shown: `etcd://${user === undefined ? '' : `${user}@`}${members.map(formatAddress).join(',')}${prefix}`,
  };
}

type Options = ReadonlyMap<string, string>;

function parseQuery(query: string): Options {
  const options = new Map<string, string>();
  for (const part of query.split('&').filter((text) => text !== '')) {
    const [name = '', value = ''] = part.split(/=(.*)/s);
    if (![...filesOfTls, 'tls', 'password-file'].includes(name) || options.has(name)) {
      throw new VmftError('usage', `"${name}" is not an option of an etcd URL`, form);
    }
    options.set(name, unescape(value));
  }
  return options;
}

function parseMember(text: string): Address {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3] ?? portOfEtcd);
  if (host === undefined || port < 1 || port > 65535) {
    throw new VmftError('usage', `"${text}" is not an address of an etcd member`, form);
  }
  return { host, port };
}

function password(
  inUrl: string | undefined,
  options: Options,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  const file = options.get('password-file');
  if (file !== undefined) return readText(file).replace(/\r?\n$/, '');
  const found = inUrl === undefined ? environment['VMFT_ETCD_PASSWORD'] : unescape(inUrl);
  if (found !== undefined) return found;
  throw new VmftError(
    'usage',
    'etcd’s user needs a password',
    'put it into VMFT_ETCD_PASSWORD, or name a file with ?password-file=FILE',
  );
}

function readTls(
  options: Options,
  environment: Readonly<Record<string, string | undefined>>,
): EtcdTls | null {
  const file = (name: (typeof filesOfTls)[number]): string | undefined =>
    options.get(name) ?? environment[`VMFT_ETCD_${name.toUpperCase()}`];
  const [ca, cert, key] = [file('ca'), file('cert'), file('key')];
  if ((cert === undefined) !== (key === undefined)) {
    throw new VmftError('usage', 'etcd wants a certificate and its key', 'give cert and key both');
  }
  if (ca === undefined && cert === undefined && !options.has('tls')) return null;
  return {
    authority: ca === undefined ? null : readPemFile(ca),
    client:
      cert === undefined || key === undefined
        ? null
        : { key: readPemFile(key), certificate: readPemFile(cert) },
  };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new VmftError('usage', `cannot read the password in ${path}`, '', error);
  }
}

function unescape(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new VmftError('usage', 'the etcd URL has a % that escapes nothing', form);
  }
}
