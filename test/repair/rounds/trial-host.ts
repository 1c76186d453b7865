import { mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

import type { DemoHost, DemoNetwork } from '../../../src/cli/demo/demo-network.js';
import type { VmftChild } from '../../../src/cli/demo/vmft-child.js';
import { HostClient, hostMethods } from '../../../src/host/api/host-client.js';

/** Of the control API. */
const apiPort = 7400;
const daemonMsMax = 20_000;
const deathMsMax = 10_000;

/** A host of the demo's network with a daemon, that can die as a whole and come back. */
export class TrialHost {
  readonly client: HostClient;
  private daemon: VmftChild | null = null;
  private notices = '';
  private dead = true;

  constructor(
    readonly host: DemoHost,
    private readonly network: DemoNetwork,
    private readonly folder: string,
    private readonly memory: string,
  ) {
    mkdirSync(this.stateFolder, { recursive: true, mode: 0o700 });
    writeFileSync(this.configFile, this.config());
    this.client = new HostClient({ socket: this.socket });
  }

  get name(): string {
    return this.host.label;
  }

  get alive(): boolean {
    return !this.dead;
  }

  get stateFolder(): string {
    return join(this.folder, this.name, 'state');
  }

  /** What the daemon has said of late. */
  get lastNotices(): string {
    return this.notices.trim().split('\n').slice(-6).join('\n');
  }

  /** Plugs the host in and starts its daemon; resolves when it listens for its operator. */
  async boot(): Promise<void> {
    if (this.dead) this.network.setPlugged(this.host, true);
    this.dead = false;
    this.startDaemon();
    const until = Date.now() + daemonMsMax;
    for (;;) {
      const answers = await this.client
        .call(hostMethods.status, { name: '', thisHostOnly: true }, { withinMs: 1_000 })
        .then(() => true)
        .catch(() => false);
      if (answers) return;
      if (Date.now() > until) {
        throw new Error(`the daemon of host ${this.name} does not answer: ${this.lastNotices}`);
      }
      await sleep(20);
    }
  }

  /** Power cut: nothing of it is heard any more, every process is gone, and what a reboot forgets is forgotten. */
  async die(): Promise<void> {
    this.dead = true;
    this.network.setPlugged(this.host, false);
    await this.killAll();
    this.daemon = null;
    rmSync(join(this.folder, this.name, 'run'), { recursive: true, force: true });
    for (const tap of this.taps()) this.host.namespace.ip(`link del dev ${tap}`);
  }

  /** SIGKILL to the daemon alone; replicas run on. */
  killDaemon(): void {
    this.daemon?.kill();
    this.daemon = null;
  }

  /** SIGKILL to the replica's process; the daemon lives and sees it. */
  killReplica(): void {
    for (const processId of this.processes().filter(isReplica)) process.kill(processId, 'SIGKILL');
  }

  private startDaemon(): void {
    mkdirSync(join(this.folder, this.name, 'run'), { recursive: true, mode: 0o700 });
    const daemon = this.host.start(['host', '--config', this.configFile]);
    for (const stream of [daemon.stdout, daemon.stderr]) {
      stream.on('data', (bytes: Buffer) => {
        this.notices = (this.notices + bytes.toString('utf8')).slice(-20_000);
      });
    }
    daemon.events.resume();
    daemon.onEnd((how) => {
      this.notices += `the daemon ended: ${how}\n`;
    });
    this.daemon = daemon;
  }

  private async killAll(): Promise<void> {
    const until = Date.now() + deathMsMax;
    for (let left = this.processes(); left.length > 0; left = this.processes()) {
      for (const processId of left) {
        try {
          process.kill(processId, 'SIGKILL');
        } catch {
          // It has just ended.
        }
      }
      if (Date.now() > until) throw new Error(`processes of host ${this.name} do not die`);
      await sleep(5);
    }
  }

  /** All that run in this host's network namespace, but what holds it open. Zombies are in none. */
  private processes(): number[] {
    const { pid: holder } = this.host.namespace;
    const own = readlinkSync(`/proc/${holder}/ns/net`);
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((processId) => processId !== holder && namespaceOf(processId) === own);
  }

  /** Those that a daemon has made; the demo's own stays. */
  private taps(): string[] {
    const { pid } = this.host.namespace;
    const command = [`--net=/proc/${pid}/ns/net`, 'ip', '-json', 'link', 'show'];
    const { stdout } = spawnSync('nsenter', command, { encoding: 'utf8' });
    const links = JSON.parse(stdout) as { ifname: string }[];
    const kept = new Set(['lo', 'br0', 'tap0', 'guest0', 'log0']);
    return links.map(({ ifname }) => ifname).filter((name) => !kept.has(name));
  }

  private get socket(): string {
    return join(this.folder, this.name, 'run', 'host.sock');
  }

  private get configFile(): string {
    return join(this.folder, this.name, 'host.toml');
  }

  private config(): string {
    const peers = this.network.hosts.filter(({ label }) => label !== this.name);
    return [
      `name = "${this.name}"`,
      `listen = "${this.host.address}:${apiPort}"`,
      `state = "${this.stateFolder}"`,
      `socket = "${this.socket}"`,
      `memory = "${this.memory}"`,
      `arbiter = "file:${join(this.folder, 'arbiter')}"`,
      'bridge = "br0"',
      'insecure = true',
      ...peers.flatMap(({ label, address }) => [
        '[[peers]]',
        `name = "${label}"`,
        `address = "${address}:${apiPort}"`,
      ]),
      '',
    ].join('\n');
  }
}

function isReplica(processId: number): boolean {
  try {
    return readFileSync(`/proc/${processId}/cmdline`, 'utf8').split('\0').includes('--control');
  } catch {
    return false;
  }
}

function namespaceOf(processId: number): string | null {
  try {
    return readlinkSync(`/proc/${processId}/ns/net`);
  } catch {
    return null;
  }
}
