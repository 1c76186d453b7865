import { Command, InvalidArgumentError, type OptionValues } from 'commander';
import { isIP } from 'node:net';
import { join, resolve } from 'node:path';

import { VmftError } from '../base/errors.js';
import type { PeerConfig } from '../host/config.js';
import { defaultSocket, defaultStateFolder, hostNamePattern } from '../host/config-constants.js';
import type { ClusterFolder } from '../host/setup/cluster-folder.js';
import { peerText } from '../host/setup/config-text.js';
import { systemdUnit } from '../host/setup/systemd-unit.js';
import type { Address } from '../pair/channel/address.js';
import { parseHostAddress } from './options/host-address.js';
import { mainScript } from './project-paths.js';

interface InitOptions {
  readonly dir: string;
  readonly cluster?: string;
  readonly host?: string;
  readonly address?: readonly Address[];
  readonly peer: readonly PeerConfig[];
  readonly operator?: string;
  readonly days: number;
  readonly arbiter?: string;
  readonly bridge?: string;
  readonly state: string;
  readonly socket: string;
}

/** What TLS libraries of today still take of a server. */
const defaultDays = 825;

export function hostInitCommand(): Command {
  return new Command('init')
    .description('make a cluster’s authority, and a host’s or an operator’s certificate')
    .requiredOption('--dir <folder>', 'where all of it is kept; made when it is not there')
    .option('--cluster <name>', 'of a new authority (default: vmft)', parseName)
    .option('--host <name>', 'make the certificate and host.toml of this host', parseName)
    .option(
      '--address <address[:port],…>',
      'by which the others reach it: the first is listened on, and must be an IP address',
      parseAddresses,
    )
    .option(
      '--peer <name=address[:port]>',
      'another host of the cluster, for host.toml; those in the folder are there anyway (repeatable)',
      addPeer,
      [],
    )
    .option('--operator <name>', 'make the certificate of this operator', parseName)
    .option('--days <n>', 'how long the certificate is valid', parseDays, defaultDays)
    .option('--arbiter <url>', 'for host.toml: who decides a failover')
    .option('--bridge <name>', 'for host.toml: where guests’ networks are')
    .option('--state <folder>', 'for host.toml', defaultStateFolder)
    .option('--socket <path>', 'for host.toml', defaultSocket)
    .action((options: OptionValues) => init(options as unknown as InitOptions));
}

async function init(options: InitOptions): Promise<void> {
  const { host, address, operator } = options;
  if ((host === undefined) !== (address === undefined)) {
    throw new VmftError('usage', 'a host has a name and addresses', 'give --host and --address');
  }
  // A library that nothing else needs.
  const { ClusterFolder } = await import('../host/setup/cluster-folder.js');
  const folder = await ClusterFolder.open(resolve(options.dir), options.cluster ?? null);
  const { authority } = folder;
  if (authority.made) {
    say(`made ${authority.file} and ca.key: the authority of cluster ${authority.cluster}`);
    say('  keep ca.key here and away from the hosts: who has it can join the cluster');
  }
  if (host !== undefined && address !== undefined) {
    await addHost(folder, host, address, options);
  }
  if (operator !== undefined) await addOperator(folder, operator, options.days);
  if (host === undefined && operator === undefined && !authority.made) {
    throw new VmftError('usage', 'there is nothing to make', 'give --host NAME or --operator NAME');
  }
}

async function addHost(
  folder: ClusterFolder,
  name: string,
  addresses: readonly Address[],
  options: InitOptions,
): Promise<void> {
  const [listen] = addresses;
  if (listen === undefined || isIP(listen.host) === 0) {
    throw new VmftError(
      'usage',
      `the first address of host ${name} is not an IP address`,
      'names may follow it: --address 10.0.1.1,a.example.net',
    );
  }
  const others = folder.hosts();
  const named = new Map([...others, ...options.peer].map((peer) => [peer.name, peer]));
  named.delete(name);
  const { state, socket, arbiter = null, bridge = null, days } = options;
  const made = await folder.addHost(
    { name, listen, state, socket, arbiter, bridge, peers: [...named.values()] },
    addresses.map((address) => address.host),
    days,
  );
  const unit = join(folder.folder, 'vmft-host.service');
  const { writeWhenAbsent } = await import('../host/setup/cluster-folder.js');
  const unitMade = writeWhenAbsent(unit, systemdUnit([process.execPath, mainScript]));
  say(
    `made ${made}: cert.pem, key.pem, ca.pem and host.toml of host ${name}, valid for ${days} days`,
  );
  const there = isIP(listen.host) === 6 ? `[${listen.host}]` : listen.host;
  say(
    `  copy it to the host: ssh root@${listen.host} mkdir -p /etc/vmft; scp -p ${made}/* root@${there}:/etc/vmft/`,
  );
  if (unitMade) say(`made ${unit}: copy it to each host’s /etc/systemd/system`);
  say('  then, on the host: systemctl enable --now vmft-host');
  const unaware = others.filter((each) => each.name !== name);
  if (unaware.length > 0) {
    const who = unaware.map((each) => each.name).join(', ');
    say(`  host.toml of ${who} needs this, where it is not there yet, and the daemon a restart:`);
    const text = peerText({ name, address: listen });
    for (const line of text.trimEnd().split('\n')) say(`    ${line}`);
  }
}

async function addOperator(folder: ClusterFolder, name: string, days: number): Promise<void> {
  const made = await folder.addOperator(name, days);
  say(`made ${made}: cert.pem, key.pem and ca.pem of operator ${name}, valid for ${days} days`);
  say(`  copy it to where the operator works: mkdir -p ~/.config && cp -rp ${made} ~/.config/vmft`);
  say('  then, from there: vmft status --host ADDRESS');
}

function say(line: string): void {
  console.log(line);
}

function parseName(text: string): string {
  if (hostNamePattern.test(text)) return text;
  throw new InvalidArgumentError('Use letters, digits, ".", "-" and "_", at most 63.');
}

function parseAddresses(text: string): Address[] {
  return text.split(',').map((each) => {
    const address = parseHostAddress(each);
    if (isIP(address.host) !== 0 || /^[A-Za-z0-9]([A-Za-z0-9.-]{0,252})$/.test(address.host)) {
      return address;
    }
    throw new InvalidArgumentError(`'${each}' is neither an IP address nor a name.`);
  });
}

function addPeer(text: string, before: readonly PeerConfig[]): PeerConfig[] {
  const [, name = '', address = ''] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
  if (address === '') throw new InvalidArgumentError('Write NAME=ADDRESS[:PORT].');
  return [...before, { name: parseName(name), address: parseHostAddress(address) }];
}

function parseDays(text: string): number {
  const days = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (days >= 1 && days <= 36_500) return days;
  throw new InvalidArgumentError('Write a number of days, from 1 to 36500.');
}
