import { Option, type Command } from 'commander';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { VmftError } from '../../base/errors.js';
import { HostClient } from '../../host/api/host-client.js';
import { defaultSocket } from '../../host/config-constants.js';
import type { Address } from '../../pair/channel/address.js';
import type { TlsFiles } from '../../pair/channel/tls.js';
import { parseHostAddress } from './host-address.js';
import { addTlsOptions, tlsFiles, type TlsOptions } from './tls.js';

/** Which daemon a command asks. */
export interface HostConnectionOptions extends TlsOptions {
  readonly host?: Address;
  readonly socket?: string;
}

export function addHostConnection(command: Command): Command {
  return addTlsOptions(
    command
      .addOption(
        new Option('--host <address[:port]>', 'ask this host’s daemon, over the network')
          .argParser(parseHostAddress)
          .conflicts('socket'),
      )
      .addOption(
        new Option(
          '--socket <path>',
          `ask this host’s daemon (default: VMFT_SOCKET of the environment, or ${defaultSocket})`,
        ),
      ),
  );
}

/** Runs a command's work with a daemon. Throws `usage` and `tls-unusable`. */
export async function withHost<T>(
  options: HostConnectionOptions,
  work: (host: HostClient) => Promise<T>,
): Promise<T> {
  const host = new HostClient(target(options));
  try {
    return await work(host);
  } finally {
    host.close();
  }
}

/** True when files that a command names are the daemon's: on another host, perhaps. */
export function isRemote({ host }: HostConnectionOptions): boolean {
  return host !== undefined;
}

function target(options: HostConnectionOptions): ConstructorParameters<typeof HostClient>[0] {
  const tls = tlsFiles(options);
  if (options.host === undefined) {
    if (tls === null)
      return { socket: options.socket ?? process.env['VMFT_SOCKET'] ?? defaultSocket };
    throw new VmftError('usage', 'TLS is for a host over the network', 'give --host ADDRESS too');
  }
  return { address: options.host, tls: tls ?? ownFiles(), hostName: null };
}

/**
 * The operator's own files, where `vmft host init` says to put them; VMFT_TLS names another folder, and empty stands for
 * none. Null: there are none, and the call is plain.
 */
function ownFiles(): TlsFiles | null {
  const named = process.env['VMFT_TLS'];
  if (named === '') return null;
  const config = process.env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config');
  const folder = named ?? join(config, 'vmft');
  const certificateFile = join(folder, 'cert.pem');
  if (named === undefined && !existsSync(certificateFile)) return null;
  return {
    certificateFile,
    keyFile: join(folder, 'key.pem'),
    authorityFile: join(folder, 'ca.pem'),
  };
}
