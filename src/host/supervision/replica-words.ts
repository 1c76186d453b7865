import { VmftError } from '../../base/errors.js';
import { formatAddress } from '../../pair/channel/address.js';
import type { HostConfig } from '../config.js';
import { diskUrlOn, settingsOfBoth, type MachineSpec } from '../machine/machine-spec.js';

/** Where a replica's process finds what its host made for it. */
export interface ReplicaPlace {
  readonly config: Pick<HostConfig, 'name' | 'listen' | 'arbiter' | 'tls'>;
  /** Its control socket. */
  readonly socket: string;
  /** Where it leaves how it ended. */
  readonly endFile: string;
  /** Its tap; null: a machine without a network. */
  readonly tap: string | null;
}

/** The arbiter of a machine: its own, or its host's; null: neither has one. */
export function arbiterOf(
  spec: Pick<MachineSpec, 'arbiter'>,
  config: Pick<HostConfig, 'arbiter'>,
): string | null {
  return spec.arbiter === '' ? config.arbiter : spec.arbiter;
}

/** `vmft` with these words is a machine that starts. `restore`: a snapshot's file, or empty. */
export function primaryWords(spec: MachineSpec, place: ReplicaPlace, restore: string): string[] {
  const arbiter = arbiterOf(spec, place.config);
  return [
    'run',
    ...guestWords(spec),
    ...['--memory', `${spec.memoryBytes / 1024}K`],
    ...['--machine-id', spec.machineId],
    ...(place.tap === null ? [] : ['--net', `tap=${place.tap},mac=${spec.mac}`]),
    ...spec.disks.flatMap(({ url, options }) => [
      '--disk',
      [diskUrlOn(url, place.config.name), ...(options === '' ? [] : [options])].join(','),
    ]),
    // Without an arbiter no backup can join.
    ...(arbiter === null ? [] : [...listenWords(place), '--arbiter', arbiter]),
    ...(restore === '' ? [] : ['--restore', restore]),
    ...commonWords(spec, place),
    ...spec.settings,
  ];
}

/** `vmft` with these words is a backup that joins `primary`. Throws `usage` without an arbiter. */
export function backupWords(spec: MachineSpec, place: ReplicaPlace, primary: string): string[] {
  const arbiter = arbiterOf(spec, place.config);
  if (arbiter === null) {
    throw new VmftError('usage', `machine ${spec.name} has no arbiter`, 'a backup needs one');
  }
  return [
    ...['backup', primary],
    ...listenWords(place),
    ...['--arbiter', arbiter],
    ...['--memory-max', `${Math.ceil(spec.memoryBytes / 1024)}K`],
    ...(place.tap === null ? [] : ['--net', `tap=${place.tap}`]),
    ...spec.disks.flatMap(({ url }) => ['--disk', diskUrlOn(url, place.config.name)]),
    ...commonWords(spec, place),
    ...spec.settings.filter((word) => settingsOfBoth.has(word.slice(2, word.indexOf('=')))),
  ];
}

function guestWords({ guest }: MachineSpec): string[] {
  return [
    ...(guest.built === '' ? ['--kernel', guest.kernel] : [guest.built]),
    ...(guest.initramfs === '' ? [] : ['--initrd', guest.initramfs]),
    ...(guest.append === '' ? [] : ['--append', guest.append]),
  ];
}

function listenWords({ config }: ReplicaPlace): string[] {
  return ['--listen', formatAddress({ host: config.listen.host, port: 0 })];
}

function commonWords(spec: MachineSpec, { config, socket, endFile }: ReplicaPlace): string[] {
  const { tls } = config;
  return [
    ...['--control', socket, '--end-file', endFile],
    ...(spec.accelerator === 'soft' ? [] : ['--accel', spec.accelerator]),
    ...(spec.interpret ? ['--interpret'] : []),
    ...(spec.counter === '' ? [] : ['--counter', spec.counter]),
    // A backup's is for when it is the primary.
    ...(spec.replication === 'auto' ? [] : ['--replication', spec.replication]),
    ...(tls === null
      ? []
      : [
          ...['--tls-key', tls.keyFile],
          ...['--tls-cert', tls.certificateFile],
          ...['--tls-ca', tls.authorityFile],
        ]),
  ];
}
