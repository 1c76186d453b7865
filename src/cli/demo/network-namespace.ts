import { spawn, spawnSync, type ChildProcess, type StdioOptions } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { VmftError } from '../../base/errors.js';

/** A network namespace, held open by a sleeping process. The one of this process has no holder. */
export class NetworkNamespace {
  private constructor(
    readonly name: string,
    private readonly holder: ChildProcess | null,
  ) {}

  /** The namespace this process is in. */
  static here(name: string): NetworkNamespace {
    const namespace = new NetworkNamespace(name, null);
    namespace.quieten();
    return namespace;
  }

  static async create(name: string): Promise<NetworkNamespace> {
    const holder = spawn('unshare', ['--net', 'sleep', 'infinity'], { stdio: 'ignore' });
    const namespace = new NetworkNamespace(name, holder);
    const here = readlinkSync('/proc/self/ns/net');
    for (let tries = 0; tries < 500 && holder.exitCode === null; tries += 1) {
      if (linkOf(holder.pid) !== here && linkOf(holder.pid) !== null) {
        namespace.quieten();
        return namespace;
      }
      await sleep(10);
    }
    holder.kill('SIGKILL');
    throw new VmftError('namespace-unavailable', `the network namespace of ${name} was not made`);
  }

  /** By which `ip link … netns` finds it. */
  get pid(): number {
    return this.holder?.pid ?? process.pid;
  }

  /** Runs commands of ip(8), one a line. Throws `namespace-unavailable` when one fails. */
  ip(commands: string): void {
    const [program, ...options] = this.inside(['ip', '-batch', '-']);
    const result = spawnSync(program ?? '', options, { input: commands, encoding: 'utf8' });
    if (result.status === 0) return;
    const why = result.error?.message ?? result.stderr.trim().replace(/\s*\n\s*/g, '; ');
    throw new VmftError(
      'namespace-unavailable',
      `the network of ${this.name} cannot be made: ${why}`,
      'the kernel needs its modules veth, bridge and tun, and the system its package iproute2',
    );
  }

  /** Starts a program inside; its process id is the program's own. */
  spawn(command: readonly string[], stdio: StdioOptions): ChildProcess {
    const [program, ...options] = this.inside(command);
    return spawn(program ?? '', options, { stdio });
  }

  close(): void {
    this.holder?.kill('SIGKILL');
  }

  /** The command that runs `command` inside. */
  inside(command: readonly string[]): string[] {
    if (this.holder === null) return [...command];
    return ['nsenter', `--net=/proc/${this.pid}/ns/net`, '--', ...command];
  }

  /** No IPv6 chatter: what is seen on these networks is what the demo sends. */
  private quieten(): void {
    const files = ['all', 'default'].map((name) => `/proc/sys/net/ipv6/conf/${name}/disable_ipv6`);
    const script = files.map((file) => `echo 1 >${file}`).join('; ');
    const [program, ...options] = this.inside(['sh', '-c', script]);
    spawnSync(program ?? '', options, { stdio: 'ignore' });
  }
}

function linkOf(pid: number | undefined): string | null {
  try {
    return readlinkSync(`/proc/${pid ?? 0}/ns/net`);
  } catch {
    return null;
  }
}
