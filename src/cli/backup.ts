import { Command, type OptionValues } from 'commander';

import { replaysExactly } from '../flow/machine/accelerator.js';
import { systemClock } from '../flow/world/system-clock.js';
import { systemRandom } from '../flow/world/system-random.js';
import { openArbiter } from '../pair/arbiter/open-arbiter.js';
import { resolveHost } from '../pair/channel/resolve-host.js';
import { joinAndRebuild } from '../pair/session/rejoin-after-divergence.js';
import { attendSession } from './attend-session.js';
import { buildIdentity } from './build-identity.js';
import { availableMemoryBytes } from './guest-files.js';
import { HostDisks, hostDiskParts } from './host-disks.js';
import { machineFactory } from './machine-factory.js';
import { addAcceleratorOptions, type AcceleratorOptions } from './options/accelerator.js';
import { controlOption, endFileOption } from './options/control.js';
import { parseChannelAddress } from './options/channel-address.js';
import { crashAtOption, type CrashOptions } from './options/crash-at.js';
import { addBackupDiskOption, type BackupDiskOptions } from './options/disk.js';
import { addEventStreamOptions, type EventStreamOptions } from './options/event-stream.js';
import { parseMemorySize } from './options/memory-size.js';
import { parseNetwork, type NetworkOption } from './options/network.js';
import { addPairSettings, pairSettings, type PairSettingOptions } from './options/pair-settings.js';
import {
  addReplicationOptions,
  copySettings,
  type ReplicationOptions,
} from './options/replication.js';
import { addTlsOptions, tlsFiles, type TlsOptions } from './options/tls.js';
import { warnOfPlainChannel } from './plain-channel.js';
import { escapeHelp } from './terminal-console.js';
import { acceleratorHere, newGuestCpu } from './usable-kvm.js';

interface BackupOptions
  extends
    BackupDiskOptions,
    CrashOptions,
    EventStreamOptions,
    PairSettingOptions,
    ReplicationOptions,
    TlsOptions,
    AcceleratorOptions {
  readonly net?: NetworkOption;
  readonly arbiter: string;
  readonly listen?: string;
  readonly memoryMax?: number;
  readonly control?: string;
  readonly endFile?: string;
}

export function backupCommand(): Command {
  const command = new Command('backup')
    .description('join a primary as its backup, and take over when it dies')
    .argument('<address[:port]>', 'where the primary listens', parseChannelAddress)
    .requiredOption('--arbiter <url>', 'file:DIRECTORY, iscsi://… or etcd://…: the primary’s')
    .option('--net <tap=name>', 'tap for the guest’s network on this host', parseNetwork)
    .option('--listen <address[:port]>', 'once live, accept a backup here')
    .option('--memory-max <size>', 'guest memory this host gives', parseMemorySize)
    .addOption(controlOption())
    .addOption(endFileOption())
    .addOption(crashAtOption());
  addBackupDiskOption(command);
  addAcceleratorOptions(command);
  addEventStreamOptions(command);
  addPairSettings(command);
  addReplicationOptions(command);
  addTlsOptions(command);
  return command
    .addHelpText('after', `\nAt the terminal, once live: ${escapeHelp}.`)
    .action((address: ReturnType<typeof parseChannelAddress>, options: OptionValues) =>
      backup(address, options as unknown as BackupOptions),
    );
}

async function backup(
  primary: ReturnType<typeof parseChannelAddress>,
  options: BackupOptions,
): Promise<void> {
  const accelerator = acceleratorHere(options);
  // A host that has no KVM to use need not ask a primary.
  newGuestCpu(accelerator);
  const tls = tlsFiles(options);
  const listen = options.listen === undefined ? null : parseChannelAddress(options.listen);
  const listenHere =
    listen === null ? null : { ...listen, host: (await resolveHost(listen.host)).ip };
  if (listenHere !== null) warnOfPlainChannel(listenHere, tls);
  const arbiter = await openArbiter(options.arbiter, systemRandom);
  const disks = HostDisks.forBackup(options.disk ?? [], hostDiskParts);
  const attended = {
    eventStream: options,
    notices: true,
    disks,
    controlSocket: options.control,
    endFile: options.endFile,
    replica: { machineId: '', accelerator: accelerator.name, build: buildIdentity() },
  };
  await attendSession(attended, (callbacks) =>
    joinAndRebuild({
      ...callbacks,
      clock: systemClock,
      random: systemRandom,
      settings: { ...pairSettings(options), ...copySettings(options) },
      disks,
      createMachine: callbacks.watched(
        machineFactory(options.net?.tap ?? null, null, accelerator, disks, options.crashAt),
      ),
      build: buildIdentity(),
      accelerator: accelerator.name,
      replays: replaysExactly(accelerator),
      replication: options.replication,
      tls,
      primary,
      arbiter,
      memoryBytesMax: options.memoryMax ?? availableMemoryBytes(),
      listen: listenHere,
    }),
  );
}
