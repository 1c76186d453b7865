import { Command, InvalidArgumentError, Option } from 'commander';
import { isAbsolute, resolve } from 'node:path';

import { VmftError } from '../base/errors.js';
import { limits } from '../base/limits.js';
import { systemRandom } from '../flow/world/system-random.js';
import { hostMethods } from '../host/api/host-client.js';
import type { Message } from '../host/api/methods.js';
import { callWithinMs } from './options/call-time.js';
import { counterOption, interpretOption, parseCounter } from './options/accelerator.js';
import { parseDisk } from './options/disk.js';
import {
  addHostConnection,
  isRemote,
  withHost,
  type HostConnectionOptions,
} from './options/host-connection.js';
import { machineArgument } from './options/machine-name.js';
import { parseMemorySize } from './options/memory-size.js';
import { formatMac, parseMac, randomMac } from './options/network.js';

interface StartOptions extends HostConnectionOptions {
  readonly kernel?: string;
  readonly initrd?: string;
  readonly append?: string;
  readonly memory?: number;
  readonly disk?: readonly string[];
  readonly net: boolean;
  readonly mac?: string;
  readonly arbiter?: string;
  readonly accel?: string;
  readonly counter?: string;
  readonly interpret: boolean;
  readonly replication?: string;
  readonly antiAffinity?: string;
  readonly hosts?: readonly string[];
  readonly protect: boolean;
  readonly onReset?: string;
  readonly setting?: readonly string[];
  readonly on?: string;
  readonly restore?: string;
}

export function startCommand(): Command {
  const command = new Command('start')
    .description('start a machine on a host, which then gives it a backup on another')
    .addArgument(machineArgument())
    .argument('[guest]', 'a built guest: debian, or one of the test guests')
    .option('--kernel <file>', 'another guest: its kernel, a file on the host that starts it')
    .option('--initrd <file>', 'its initramfs, as well')
    .option('--append <words>', 'kernel command line (of a built guest: further words)')
    .option('--memory <size>', 'guest memory (default: 256M)', parseMemorySize)
    .option(
      '--disk <url[,private][,readonly][,serial=text]>',
      'a disk; {host} in the URL stands for the name of the replica’s host (repeatable)',
      addDisk,
    )
    .option('--net', 'give it a network device, on the hosts’ bridges', false)
    .option('--mac <address>', 'of its network device (default: made up)', checkMac)
    .option('--arbiter <url>', 'who decides a failover (default: that of the host that starts it)')
    .addOption(
      new Option('--accel <name>', 'what executes the guest (default: soft)').choices([
        'soft',
        'kvm',
      ]),
    )
    .addOption(interpretOption().default(false))
    .addOption(counterOption().argParser(checkCounter))
    .addOption(
      new Option('--replication <kind>', 'how the backup follows (default: auto)').choices([
        'auto',
        'replay',
        'checkpoint',
      ]),
    )
    .option(
      '--anti-affinity <label>',
      'keep the replicas on hosts whose label of this name differs, such as rack',
    )
    .option('--hosts <name,…>', 'hosts that may have a replica (default: all)', parseHosts)
    .option('--no-protect', 'make no backup until vmft protect')
    .addOption(
      new Option('--on-reset <what>', 'when the guest resets itself (default: start)').choices([
        'start',
        'end',
      ]),
    )
    .option(
      '--setting <name=value>',
      'a further option of vmft run and vmft backup, such as heartbeat-interval=50 (repeatable)',
      addSetting,
    )
    .option('--on <host>', 'the host that starts it (default: the one that is asked)')
    .option('--restore <file>', 'go on from a snapshot, a file on the host that starts it');
  return addHostConnection(command).action(
    (name: string, guest: string | undefined, options: StartOptions) =>
      withHost(options, async (host) => {
        const request = startRequest(name, guest, options);
        const { machineId, host: where } = await host.call(
          hostMethods.start,
          request,
          callWithinMs,
        );
        console.log(`${name} runs on host ${where} (machine id ${machineId})`);
      }),
  );
}

function startRequest(
  name: string,
  built: string | undefined,
  options: StartOptions,
): Message<'StartRequest'> {
  const { kernel } = options;
  // A snapshot brings the guest along, but a reset begins with its kernel.
  if ((built === undefined) === (kernel === undefined)) {
    throw new VmftError(
      'usage',
      built === undefined ? 'no guest is named' : `guest ${built} has its kernel`,
      'name a built guest, such as debian, or give --kernel FILE',
    );
  }
  const file = (path: string | undefined): string => fileOnHost(path, options);
  return {
    spec: {
      name,
      machineId: '',
      guest: {
        built: built ?? '',
        kernel: file(kernel),
        initramfs: file(options.initrd),
        append: options.append ?? '',
      },
      memoryBytes: options.memory ?? 0,
      mac: macOf(options),
      disks: (options.disk ?? []).map((text) => splitDisk(text)),
      arbiter: options.arbiter ?? '',
      accelerator: options.accel ?? '',
      counter: options.counter ?? '',
      interpret: options.interpret,
      replication: options.replication ?? '',
      protected: options.protect,
      antiAffinity: options.antiAffinity ?? '',
      hosts: [...(options.hosts ?? [])],
      onReset: options.onReset ?? '',
      settings: [...(options.setting ?? [])],
      version: 0,
    },
    host: options.on ?? '',
    restore: file(options.restore),
  };
}

/** A relative path means this folder; on another host it would mean nothing. */
function fileOnHost(path: string | undefined, options: StartOptions): string {
  if (path === undefined || isAbsolute(path)) return path ?? '';
  if (!isRemote(options) && options.on === undefined) return resolve(path);
  throw new VmftError('usage', `${path} is a file on another host`, 'write its whole path');
}

function macOf({ net, mac }: StartOptions): string {
  if (mac !== undefined) return mac;
  return net ? formatMac(randomMac(systemRandom)) : '';
}

/** URL and how the disk is held; checked as `vmft run` does, so that it fails here. */
function splitDisk(text: string): { url: string; options: string } {
  const { url } = parseDisk(text);
  return { url, options: text.split(',').slice(1).join(',') };
}

function addDisk(text: string, before: readonly string[] = []): string[] {
  if (before.length >= limits.disksMax) {
    throw new InvalidArgumentError(`A guest can have ${limits.disksMax} disks.`);
  }
  splitDisk(text);
  return [...before, text];
}

function checkMac(text: string): string {
  return formatMac(parseMac(text));
}

function checkCounter(text: string): string {
  parseCounter(text);
  return text;
}

function parseHosts(text: string): string[] {
  const names = text.split(',');
  if (!names.includes('')) return names;
  throw new InvalidArgumentError('Write names with commas between them: a,b.');
}

function addSetting(text: string, before: readonly string[] = []): string[] {
  if (/^[a-z][a-z-]*=\S+$/.test(text)) return [...before, `--${text}`];
  throw new InvalidArgumentError('Write a setting as name=value.');
}
