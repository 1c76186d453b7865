import { Command, type OptionValues } from 'commander';

import { VmftError } from '../base/errors.js';
import { replaysExactly } from '../flow/machine/accelerator.js';
import { systemClock } from '../flow/world/system-clock.js';
import { systemRandom } from '../flow/world/system-random.js';
import { openArbiter } from '../pair/arbiter/open-arbiter.js';
import { resolveHost } from '../pair/channel/resolve-host.js';
import { runPrimary } from '../pair/session/run-primary.js';
import { attendSession } from './attend-session.js';
import { buildIdentity } from './build-identity.js';
import { freshGuest, type GuestToRun, type GuestToRunOptions } from './guest-to-run.js';
import { HostDisks, hostDiskParts } from './host-disks.js';
import { machineFactory } from './machine-factory.js';
import { addAcceleratorOptions } from './options/accelerator.js';
import { controlOption, endFileOption } from './options/control.js';
import { parseChannelAddress } from './options/channel-address.js';
import { crashAtOption, type CrashOptions } from './options/crash-at.js';
import { addDiskOptions, type DiskOptions } from './options/disk.js';
import { addEventStreamOptions, type EventStreamOptions } from './options/event-stream.js';
import { parseMemorySize } from './options/memory-size.js';
import { parseNetwork } from './options/network.js';
import { addPairSettings, pairSettings, type PairSettingOptions } from './options/pair-settings.js';
import {
  addReplicationOptions,
  copySettings,
  type ReplicationOptions,
} from './options/replication.js';
import { addTlsOptions, tlsFiles, type TlsOptions } from './options/tls.js';
import { escapeHelp } from './terminal-console.js';
import { warnOfPlainChannel } from './plain-channel.js';
import { restoredGuest } from './restored-guest.js';

interface RunOptions
  extends
    GuestToRunOptions,
    DiskOptions,
    CrashOptions,
    EventStreamOptions,
    PairSettingOptions,
    ReplicationOptions,
    TlsOptions {
  readonly restore?: string;
  readonly record?: string;
  readonly listen?: string;
  readonly arbiter?: string;
  readonly machineId?: string;
  readonly control?: string;
  readonly endFile?: string;
}

export function runCommand(): Command {
  const command = new Command('run')
    .description('run a guest with its console on the terminal, alone or as the primary of a pair')
    .argument('[guest]', 'a built guest: debian, or one of the test guests (hello, timer, …)')
    .option('--kernel <file>', 'a Linux bzImage, or an ELF kernel with a PVH entry')
    .option('--initrd <file>', 'its initramfs')
    .option('--append <words>', 'kernel command line (of a built guest: further words)')
    .option('--memory <size>', 'guest memory (default: 256M)', parseMemorySize)
    .option('--net <tap=name[,mac=address]>', 'network device on this tap', parseNetwork)
    .option(
      '--restore <file>',
      'go on from a snapshot: its guest, with the disks and taps given here',
    )
    .option('--record <file>', 'write the log of an unprotected run')
    .option('--listen <address[:port]>', 'accept a backup here')
    .option(
      '--arbiter <url>',
      'who decides a failover: file:DIRECTORY, iscsi://… or etcd://…, seen by both hosts',
    )
    .option('--machine-id <name>', 'name of the machine in arbitration; never use one twice')
    .addOption(controlOption())
    .addOption(endFileOption())
    .addOption(crashAtOption());
  addDiskOptions(command);
  addAcceleratorOptions(command);
  addEventStreamOptions(command);
  addPairSettings(command);
  addReplicationOptions(command);
  addTlsOptions(command);
  return command
    .addHelpText('after', `\nAt the terminal: ${escapeHelp}.`)
    .action((guest: string | undefined, options: OptionValues) =>
      run(guest, options as unknown as RunOptions),
    );
}

async function run(guestName: string | undefined, options: RunOptions): Promise<void> {
  if (options.machineId !== undefined && !/^[A-Za-z0-9_-]{1,64}$/.test(options.machineId)) {
    throw new VmftError(
      'usage',
      `"${options.machineId}" cannot be a machine id`,
      'use letters, digits, - and _, at most 64',
    );
  }
  const guest = await guestToRun(guestName, options);
  const { accelerator } = guest;
  const listen = options.listen === undefined ? null : parseChannelAddress(options.listen);
  const tls = tlsFiles(options);
  const listenHere =
    listen === null ? null : { ...listen, host: (await resolveHost(listen.host)).ip };
  if (listenHere !== null) warnOfPlainChannel(listenHere, tls);
  const arbiter =
    options.arbiter === undefined ? null : await openArbiter(options.arbiter, systemRandom);
  const user = {
    machineId: options.machineId ?? systemRandom.uniqueName(),
    replicaId: systemRandom.uniqueName(),
  };
  const readsOnBackup = options.diskReads === 'backup';
  const disks = await HostDisks.claimed(options.disk ?? [], readsOnBackup, user, hostDiskParts);
  const notices = listen !== null || disks.guestDisks.length > 0;
  const attended = {
    eventStream: options,
    notices,
    disks,
    controlSocket: options.control,
    endFile: options.endFile,
    replica: {
      machineId: user.machineId,
      accelerator: accelerator.name,
      build: buildIdentity(),
    },
  };
  await attendSession(attended, async (callbacks) => {
    try {
      return await runPrimary({
        ...callbacks,
        ...user,
        clock: systemClock,
        random: systemRandom,
        settings: { ...pairSettings(options), ...copySettings(options) },
        disks,
        createMachine: callbacks.watched(
          machineFactory(
            options.net?.tap ?? null,
            guest.images,
            accelerator,
            disks,
            options.crashAt,
          ),
        ),
        build: buildIdentity(),
        accelerator: accelerator.name,
        replays: replaysExactly(accelerator),
        replication: options.replication,
        tls,
        guest: guest.config(disks.guestDisks),
        hashes: guest.hashes,
        restore: guest.restore,
        listen: listenHere,
        arbiter,
        recordTo: options.record ?? null,
      });
    } catch (error) {
      await disks.abandon();
      throw error;
    }
  });
}

function guestToRun(name: string | undefined, options: RunOptions): Promise<GuestToRun> {
  const { restore, record } = options;
  if (restore === undefined) return freshGuest(name, options);
  if (record === undefined) return restoredGuest(restore, options);
  throw new VmftError(
    'usage',
    '--record and --restore cannot be combined: a log begins where a guest boots',
    'record a guest that boots',
  );
}
