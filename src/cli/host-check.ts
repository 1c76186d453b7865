import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

import { VmftError } from '../base/errors.js';
import { readHostConfig, type HostConfig } from '../host/config.js';
import { formatHolder } from '../pair/channel/certificate.js';
import { formatAddress } from '../pair/channel/address.js';
import { readOwnCertificate, renewalNotice } from '../pair/channel/own-certificate.js';
import { mebibytes } from './operation-progress.js';

/**
 * `vmft host --check`: what can be seen to be wrong before the daemon runs. Throws `config-unusable` and
 * `tls-unusable`, as the daemon would.
 */
export function checkHost(file: string): void {
  const config = readHostConfig(file);
  const { name, listen, bridge, peers, tls, memoryBytes } = config;
  for (const folder of [config.state, dirname(config.socket)]) requireFolder(file, folder);
  if (bridge !== null && !existsSync(`/sys/class/net/${bridge}/bridge`)) {
    throw new VmftError(
      'config-unusable',
      `${file}: there is no bridge ${bridge} on this host`,
      `make it: ip link add ${bridge} type bridge forward_delay 0`,
    );
  }
  if (tls !== null) {
    const { holder } = readOwnCertificate(tls);
    if (holder.kind !== 'host' || holder.name !== name) {
      throw new VmftError(
        'config-unusable',
        `${file}: ${tls.certificateFile} is the certificate of ${formatHolder(holder)}, not of host ${name}`,
        'copy the files that vmft host init made for this host',
      );
    }
  }
  const others = peers.map((peer) => peer.name).join(', ');
  console.log(
    `${file} is in order: host ${name} at ${formatAddress(listen)}, ${tls === null ? 'without TLS' : 'with TLS'}, ` +
      `${mebibytes(memoryBytes)} for guests, ${others === '' ? 'no peers' : `peers ${others}`}`,
  );
  const notice = certificateNotice(config);
  if (notice !== null) console.log(notice);
}

/** A line when this host's certificate ends soon. Throws `tls-unusable`. */
export function certificateNotice({ tls }: HostConfig): string | null {
  return tls === null ? null : renewalNotice(readOwnCertificate(tls), tls.certificateFile);
}

function requireFolder(file: string, folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code } = error as { code?: string };
    throw new VmftError(
      'config-unusable',
      `${file}: this user cannot write to ${folder} (${code ?? String(error)})`,
      'run the daemon as a user who can, or name another folder',
      error,
    );
  }
}
