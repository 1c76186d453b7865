import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { HostClient } from '../../src/host/api/host-client.js';
import { hostMethods, type MachineStatus, type Message } from '../../src/host/api/methods.js';
import type { MachineRecord } from '../../src/host/machine/machine-record.js';
import { mainScript } from '../../src/cli/project-paths.js';

/** A `vmft host` on a loopback address, in a folder of its own. */
export class DaemonProcess {
  private child: ChildProcess | null = null;
  readonly client: HostClient;

  private constructor(
    readonly name: string,
    private readonly folder: string,
  ) {
    this.client = new HostClient({ socket: join(folder, 'host.sock') });
  }

  /**
   * Daemons of these names, not started: on 127.0.0.1, .2, …, with certificates and files by `vmft host init`. `words`
   * are further options of that command.
   */
  static cluster(
    folder: string,
    names: readonly string[],
    words: readonly string[],
  ): DaemonProcess[] {
    const peers = names.flatMap((name, at) => ['--peer', `${name}=127.0.0.${at + 1}`]);
    return names.map((name, at) => {
      const own = join(folder, name);
      const command = [
        ...[mainScript, 'host', 'init', '--dir', folder, '--host', name],
        ...['--address', `127.0.0.${at + 1}`, '--state', join(own, 'state')],
        ...['--socket', join(own, 'host.sock')],
        ...peers.filter((_word, index) => Math.floor(index / 2) !== at),
        ...words,
      ];
      const { status, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' });
      if (status !== 0) throw new Error(stderr);
      return new DaemonProcess(name, own);
    });
  }

  /** Resolves when it answers. */
  async start(): Promise<void> {
    const log = openSync(join(this.folder, 'log'), 'a');
    const words = [mainScript, 'host', '--config', join(this.folder, 'host.toml')];
    this.child = spawn(process.execPath, words, { stdio: ['ignore', log, log] });
    closeSync(log);
    for (let tries = 0; tries < 400; tries += 1) {
      const answers = await this.client
        .call(hostMethods.status, { name: '', thisHostOnly: true }, { withinMs: 1_000 })
        .then(
          () => true,
          () => false,
        );
      if (answers) return;
      if (this.child.exitCode !== null) break;
      await sleep(25);
    }
    throw new Error(`the daemon of ${this.name} does not answer:\n${this.log()}`);
  }

  /** SIGKILL; its replicas go on. */
  async kill(): Promise<void> {
    const { child } = this;
    if (child === null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
    this.child = null;
  }

  log(): string {
    return readFileSync(join(this.folder, 'log'), 'utf8');
  }

  /** What it keeps of a machine; null: nothing. */
  record(machine: string): MachineRecord | null {
    try {
      const text = readFileSync(join(this.folder, 'state', 'machines', `${machine}.json`), 'utf8');
      return JSON.parse(text) as MachineRecord;
    } catch {
      return null;
    }
  }

  /** SIGKILL to its replica of a machine. */
  killReplica(machine: string): void {
    const record = this.record(machine);
    if (typeof record?.processId !== 'number')
      throw new Error(`${this.name} has no replica of ${machine}`);
    process.kill(record.processId, 'SIGKILL');
  }

  startMachine(spec: Message<'MachineSpec'>): Promise<Message<'StartReply'>> {
    return this.client.call(hostMethods.start, { spec, host: '', restore: '' });
  }

  async status(machine: string): Promise<MachineStatus | null> {
    const request = { name: machine, thisHostOnly: false };
    const { machines } = await this.client.call(hostMethods.status, request);
    return machines[0] ?? null;
  }

  /** Resolves with the machine's status once it is as wanted; rejects after `withinMs`. */
  async until(
    machine: string,
    wanted: (status: MachineStatus) => boolean,
    what: string,
    withinMs: number,
  ): Promise<MachineStatus> {
    const untilMs = performance.now() + withinMs;
    for (;;) {
      const status = await this.status(machine);
      if (status !== null && wanted(status)) return status;
      if (performance.now() > untilMs) {
        throw new Error(`${machine} is not ${what} in ${withinMs} ms: ${JSON.stringify(status)}`);
      }
      await sleep(50);
    }
  }
}
