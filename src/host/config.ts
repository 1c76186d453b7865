import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { dirname, isAbsolute, resolve } from 'node:path';
import { isIP } from 'node:net';

import { parse, TomlError } from 'smol-toml';
import { z } from 'zod';

import { VmftError } from '../base/errors.js';
import { limits } from '../base/limits.js';
import { parseAddress, type Address } from '../pair/channel/address.js';
import type { TlsFiles } from '../pair/channel/tls.js';
import { defaultConfigPath, hostNamePattern } from './config-constants.js';

/** What one host's daemon is told by its file (docs/host.md). */
export interface HostConfig {
  /** The file that it was read from, for messages. */
  readonly file: string;
  /** Of this host in the cluster. */
  readonly name: string;
  /** Of the control API; `host` is an IP address that the peers reach. Replicas listen there too, on any port. */
  readonly listen: Address;
  /** Specs, sockets and logs of replicas. */
  readonly state: string;
  /** Of the local operator. */
  readonly socket: string;
  /** What guests may have. */
  readonly memoryBytes: number;
  /** URL, of machines that name none; null: each must. */
  readonly arbiter: string | null;
  /** Replicas' taps are made and put there; null: no machine with a network here. */
  readonly bridge: string | null;
  readonly labels: Readonly<Record<string, string>>;
  /** Null: plain, on a loopback address or where `insecure` says so. */
  readonly tls: TlsFiles | null;
  readonly peers: readonly PeerConfig[];
}

export interface PeerConfig {
  readonly name: string;
  readonly address: Address;
}

const word = z
  .string()
  .regex(hostNamePattern, 'must be letters, digits, ".", "-" and "_", at most 63');

const path = z.string().min(1, 'must name a file').max(limits.pathLengthMax);

const address = z.string().transform((text, context) => {
  try {
    return parseAddress(text);
  } catch {
    context.addIssue({
      code: 'custom',
      message: `"${text}" is not an address: write it as 10.0.1.1:7400`,
    });
    return z.NEVER;
  }
});

const listenAddress = address.superRefine(({ host, port }, context) => {
  const complain = (message: string): void => {
    context.addIssue({ code: 'custom', message });
  };
  if (isIP(host) === 0) complain('must be an IP address of this host, not a name');
  else if (/^(0\.0\.0\.0|[0:]+)$/.test(host)) {
    complain('must be the address by which the other hosts reach this one, not "any"');
  }
  if (port === 0) complain('needs a port, such as 7400');
});

const memorySize = z.string().transform((text, context) => {
  const match = /^(\d{1,9})([MGT])$/.exec(text);
  if (match === null) {
    context.addIssue({ code: 'custom', message: 'must be a size such as "16G" or "512M"' });
    return z.NEVER;
  }
  const unit = { M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 }[match[2] as 'M' | 'G' | 'T'];
  return Number(match[1]) * unit;
});

const schema = z.strictObject({
  name: word,
  listen: listenAddress,
  state: path,
  socket: path,
  memory: memorySize.optional(),
  arbiter: z
    .string()
    .regex(/^(file|iscsi|etcd):/, 'must be a file:, iscsi: or etcd: URL')
    .max(limits.arbiterUrlLengthMax)
    .optional(),
  bridge: z
    .string()
    .regex(/^[^\s/:]{1,15}$/, 'must be the name of a bridge, at most 15 characters')
    .optional(),
  labels: z.record(word, z.string().max(limits.labelLengthMax)).optional(),
  insecure: z.boolean().optional(),
  tls: z.strictObject({ ca: path, cert: path, key: path }).optional(),
  peers: z
    .array(z.strictObject({ name: word, address }))
    .max(limits.hostsMax)
    .optional(),
});

/** Reads a daemon's configuration file. Throws `config-unusable`: one line with the file and the field. */
export function readHostConfig(file: string = defaultConfigPath): HostConfig {
  return parseHostConfig(readText(file), file);
}

/** The same of a text; names of files in it are relative to `file`'s folder. */
export function parseHostConfig(text: string, file: string): HostConfig {
  const parsed = schema.safeParse(parseToml(text, file));
  if (!parsed.success) throw wrong(file, ...firstIssue(parsed.error));
  const { memory, labels, tls, peers = [], insecure = false, ...fields } = parsed.data;
  const at = (name: string): string => (isAbsolute(name) ? name : resolve(dirname(file), name));
  const config: HostConfig = {
    file,
    name: fields.name,
    listen: fields.listen,
    state: at(fields.state),
    socket: at(fields.socket),
    memoryBytes: memory ?? Math.max(0, totalmem() - memoryLeftBytes),
    arbiter: fields.arbiter ?? null,
    bridge: fields.bridge ?? null,
    labels: labels ?? {},
    tls:
      tls === undefined
        ? null
        : { authorityFile: at(tls.ca), certificateFile: at(tls.cert), keyFile: at(tls.key) },
    peers,
  };
  checkPeers(config);
  checkPaths(config);
  if (config.tls === null && !insecure && !isLoopback(config.listen.host)) {
    throw wrong(
      file,
      'tls',
      'is missing, and listen is not a loopback address',
      'make certificates with vmft host init, or say insecure = true where only the hosts are on the network',
    );
  }
  return config;
}

export function isLoopback(host: string): boolean {
  return host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function checkPeers({ file, name, peers }: HostConfig): void {
  const names = new Set([name]);
  peers.forEach((peer, index) => {
    const field = `peers[${index}].name`;
    if (peer.name === name) throw wrong(file, field, `"${name}" is this host`, 'list the others');
    if (names.has(peer.name)) throw wrong(file, field, `"${peer.name}" is there twice`);
    if (peer.address.port === 0) throw wrong(file, `peers[${index}].address`, 'needs a port');
    names.add(peer.name);
  });
}

/** The kernel takes no longer names of sockets. */
function checkPaths({ file, state, socket }: HostConfig): void {
  const longest = limits.socketPathBytesMax;
  if (Buffer.byteLength(socket) > longest) {
    throw wrong(file, 'socket', `is longer than ${longest} bytes`);
  }
  if (Buffer.byteLength(state) > longest - socketNameBytes) {
    throw wrong(file, 'state', `is longer than ${longest - socketNameBytes} bytes`);
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as { code?: string };
    const why = code === 'ENOENT' ? 'no such file' : (code ?? String(error));
    throw new VmftError(
      'config-unusable',
      `cannot read ${file}: ${why}`,
      'name the daemon’s file with --config; vmft host init writes one',
      error,
    );
  }
}

function parseToml(text: string, file: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const what = (error.message.split('\n')[0] ?? '').replace(/^Invalid TOML document: /, '');
    throw new VmftError(
      'config-unusable',
      `${file}, line ${error.line}: ${what}`,
      'write it as TOML: docs/host.md has an example',
    );
  }
}

function firstIssue(error: z.ZodError): [field: string, what: string] {
  const [issue] = error.issues;
  if (issue === undefined) return ['', 'is not what it must be'];
  const field = issue.path
    .map((part, at) =>
      typeof part === 'number' ? `[${part}]` : `${at === 0 ? '' : '.'}${String(part)}`,
    )
    .join('');
  if (issue.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys;
    return [field === '' ? key : `${field}.${key}`, 'is not known'];
  }
  const isMissing = / received undefined$/.test(issue.message);
  return [field, isMissing ? 'is missing' : issue.message];
}

function wrong(file: string, field: string, what: string, whatToDo = ''): VmftError {
  const advice = whatToDo === '' ? 'docs/host.md lists what may be there' : whatToDo;
  return new VmftError('config-unusable', `${file}: ${field} ${what}`, advice);
}

/** Of the machine's memory, for everything that is no guest. */
const memoryLeftBytes = 2 ** 30;
/** "/run/" and 8 digits and ".sock", with some room. */
const socketNameBytes = 24;
