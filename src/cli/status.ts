import { Argument, Command } from 'commander';

import { asVmftError, VmftError } from '../base/errors.js';
import { hostMethods, type HostClient } from '../host/api/host-client.js';
import { storageStatus } from './arbiter-status.js';
import { machineDetailLines, statusLines } from './host-report.js';
import { parseDiskUrl } from './options/disk.js';
import {
  addHostConnection,
  withHost,
  type HostConnectionOptions,
} from './options/host-connection.js';
import { parseMachineName } from './options/machine-name.js';
import { errorLine } from './report-error.js';

interface StatusOptions extends HostConnectionOptions {
  readonly arbiter?: string;
  readonly machineId?: string;
  readonly disk?: string;
  readonly thisHost: boolean;
  readonly watch: boolean;
  readonly json: boolean;
}

export function statusCommand(): Command {
  const command = new Command('status')
    .description('hosts and machines, as a daemon knows them; or what storage knows of machines')
    .addArgument(new Argument('[name]', 'this machine only').argParser(parseMachineName))
    .option('--this-host', 'only what is on the host that is asked', false)
    .option('--watch', 'go on showing it, once a second', false)
    .option('--json', 'print one JSON object', false)
    .option(
      '--arbiter <url>',
      'ask no daemon: who won which generation; file:, iscsi: or etcd: URL',
    )
    .option('--machine-id <name>', 'with --arbiter: of this machine only')
    .option('--disk <url>', 'ask no daemon: who uses this disk', parseDiskUrl);
  return addHostConnection(command).action((name: string | undefined, options: StatusOptions) =>
    status(name, options),
  );
}

async function status(name: string | undefined, options: StatusOptions): Promise<void> {
  if (options.arbiter === undefined && options.disk === undefined) {
    if (options.machineId !== undefined) {
      throw new VmftError('usage', '--machine-id is for an arbiter', 'give --arbiter URL too');
    }
    await withHost(options, (host) => hostStatus(host, name ?? null, options));
    return;
  }
  if (name !== undefined || options.host !== undefined || options.watch || options.thisHost) {
    throw new VmftError(
      'usage',
      'a daemon or storage is asked, not both',
      'leave out --arbiter and --disk, or all that is about hosts',
    );
  }
  await storageStatus(options);
}

async function hostStatus(
  host: HostClient,
  name: string | null,
  options: StatusOptions,
): Promise<void> {
  if (!options.watch) {
    for (const line of await reportLines(host, name, options)) console.log(line);
    return;
  }
  const screen = process.stdout.isTTY && !options.json;
  // Whoever read it has seen enough.
  process.stdout.on('error', () => process.exit(0));
  for (;;) {
    const lines = await reportLines(host, name, options).catch((error: unknown) => [
      // It may come back; whoever watches wants to see that.
      options.json ? JSON.stringify({ error: failure(error) }) : errorLine(asVmftError(error)),
    ]);
    const text = `${lines.join('\n')}\n`;
    process.stdout.write(screen ? `${clearScreen}${text}` : text);
    await new Promise((resolve) => setTimeout(resolve, watchPeriodMs));
  }
}

const watchPeriodMs = 1_000;
const clearScreen = '\x1b[H\x1b[2J';

async function reportLines(
  host: HostClient,
  name: string | null,
  { json, thisHost }: StatusOptions,
): Promise<string[]> {
  const request = { name: name ?? '', thisHostOnly: thisHost };
  const reply = await host.call(hostMethods.status, request, { withinMs: statusWithinMs });
  if (json) return [JSON.stringify(reply)];
  if (name === null) return statusLines(reply);
  const machine = reply.machines.find((each) => each.name === name);
  if (machine === undefined) {
    throw new VmftError('machine-unknown', `no host that answers knows a machine ${name}`);
  }
  return machineDetailLines(machine, reply.hosts, Date.now());
}

/** A daemon waits for the other hosts' answers, but not long. */
const statusWithinMs = 15_000;

function failure(error: unknown): object {
  const { code, message, whatToDo } = asVmftError(error);
  return { code, message, whatToDo };
}
