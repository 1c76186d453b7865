import { Command, InvalidArgumentError, type OptionValues } from 'commander';

import { VmftError } from '../base/errors.js';
import {
  acceleratorNames,
  isAcceleratorName,
  type Accelerator,
  type CounterOptions,
} from '../flow/machine/accelerator.js';
import type { LogHeader } from '../flow/log/log-format.js';
import { LogFileReader } from '../flow/world/log-file-reader.js';
import { buildIdentity } from './build-identity.js';
import { readGuestFiles, requireHostMemory, type GuestFiles } from './guest-files.js';
import { requireGuestCpu } from './machine-factory.js';
import { chosenAccelerator, counterOption, interpretOption } from './options/accelerator.js';
import { replayLog, type ReplayResult } from './replay-log.js';
import { ReplayProgress } from './replay-progress.js';

interface ReplayOptions {
  readonly until?: bigint;
  readonly kernel?: string;
  readonly initrd?: string;
  readonly interpret?: boolean;
  readonly counter?: CounterOptions;
  readonly json: boolean;
}

export function replayCommand(): Command {
  return new Command('replay')
    .description('execute a log again and check every digest in it')
    .argument('<log>', 'a file written by vmft run --record')
    .option(
      '--until <ticks>',
      'stop here (kvm: at the first recorded position from there)',
      parseTicks,
    )
    .option('--kernel <file>', 'the recorded kernel, where it is now')
    .option('--initrd <file>', 'the recorded initramfs, where it is now')
    .addOption(interpretOption())
    .addOption(counterOption())
    .option('--json', 'print the result as one JSON object', false)
    .action((path: string, options: OptionValues) =>
      replay(path, options as unknown as ReplayOptions),
    );
}

async function replay(path: string, options: ReplayOptions): Promise<void> {
  const { reader, header } = await LogFileReader.open(path);
  const accelerator = recordedAccelerator(header, options);
  requireGuestCpu(header.guest, accelerator);
  requireHostMemory(header.guest.memoryBytes);
  const kernelPath = options.kernel ?? header.guest.kernelPath;
  const initramfsPath = options.initrd ?? header.guest.initramfsPath;
  const files = await readGuestFiles(kernelPath, initramfsPath);
  requireSameGuest(header, files, kernelPath, initramfsPath);
  warnOfOtherBuild(header);

  const progress = new ReplayProgress(reader.bytes);
  try {
    const result = await replayLog({
      reader,
      guest: { ...header.guest, kernelPath, initramfsPath },
      files,
      accelerator,
      untilTicks: options.until ?? null,
      onProgress: (at) => {
        progress.show(at);
      },
    });
    progress.stop();
    print(result, accelerator, options.json);
    process.exit(0);
  } finally {
    progress.stop();
    await reader.close();
  }
}

/** A log is executed by what recorded it: ticks of one accelerator mean nothing to another. */
function recordedAccelerator(
  header: LogHeader,
  { counter, interpret }: ReplayOptions,
): Accelerator {
  const { accelerator: accel } = header;
  if (isAcceleratorName(accel)) {
    return chosenAccelerator({
      accel,
      ...(counter === undefined ? {} : { counter }),
      ...(interpret === undefined ? {} : { interpret }),
    });
  }
  throw new VmftError(
    'accelerator-unavailable',
    `the log was recorded on the accelerator "${accel}", which this vmft does not have`,
    `it has ${acceleratorNames.join(' and ')}; use the vmft that wrote the log (${header.build})`,
  );
}

function requireSameGuest(
  { hashes }: LogHeader,
  files: GuestFiles,
  kernelPath: string,
  initramfsPath: string | null,
): void {
  const differs = (recorded: bigint, found: bigint): boolean =>
    recorded !== 0n && recorded !== found;
  if (differs(hashes.kernel, files.hashes.kernel)) {
    throw mismatch('kernel', kernelPath, '--kernel');
  }
  if (differs(hashes.initramfs, files.hashes.initramfs)) {
    throw mismatch('initramfs', initramfsPath ?? 'none', '--initrd');
  }
}

function mismatch(what: string, path: string, option: string): VmftError {
  return new VmftError(
    'log-guest-mismatch',
    `the ${what} ${path} is not the one that was recorded`,
    `name the recorded one with ${option}`,
  );
}

function warnOfOtherBuild(header: LogHeader): void {
  const own = buildIdentity();
  if (header.build === own) return;
  process.stderr.write(
    `vmft: note: the log was written by vmft ${header.build}, this is ${own}; if they count or execute differently, the digests will tell\n`,
  );
}

function print(result: ReplayResult, { name }: Accelerator, json: boolean): void {
  const { ticks, digestsChecked, seconds, virtualSeconds, stops, code, end } = result;
  const millionsPerSecond = Number(ticks) / 1e6 / seconds;
  if (json) {
    const fields = { ticks: Number(ticks), digestsChecked: Number(digestsChecked) };
    const speed = { [speedName[name]]: round(millionsPerSecond, 1) };
    const times = { seconds: round(seconds, 3), virtualSeconds: round(virtualSeconds, 3) };
    const stopping = stops === null ? {} : { stops: plainNumbers(stops) };
    console.log(JSON.stringify({ ...fields, ...times, ...speed, ...stopping, code, end }));
    return;
  }
  const count = (value: bigint): string => value.toLocaleString('en');
  console.log(
    `replayed ${count(ticks)} ticks (${end}): ${count(digestsChecked)} digests checked, all equal; ${seconds.toFixed(2)} s, ${millionsPerSecond.toFixed(0)} ${speedUnit[name]}`,
  );
  if (stops !== null) {
    console.log(
      `${count(stops.ownExits)} exits of the guest's own, ${count(stops.exactStops)} stops elsewhere, which took ${(Number(stops.stopNs) / 1e9).toFixed(2)} s`,
    );
  }
}

function plainNumbers(values: object): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Number(value)]));
}

/** What a tick is differs. */
const speedName = { soft: 'mips', kvm: 'millionBranchesPerSecond' } as const;
const speedUnit = { soft: 'MIPS', kvm: 'million branches a second' } as const;

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function parseTicks(text: string): bigint {
  if (!/^\d{1,18}$/.test(text)) throw new InvalidArgumentError('A number of ticks.');
  return BigInt(text);
}
