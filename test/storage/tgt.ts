import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

/** How the target of a test is made. */
export interface TgtOptions {
  /** To listen on; default 127.0.0.1. */
  readonly address?: string;
  /** Files of LUNs 1, 2, …, which stay; default: made. */
  readonly imagePaths?: readonly string[];
  /** Of a LUN that is made; default 64 MiB. */
  readonly lunBytes?: number;
  /** How many LUNs: 1, 2, …, each with a file of its own; default 1. */
  readonly luns?: number;
  /** Default true. False is the daemon as Debian builds it; see {@link enableCompareAndWrite}. */
  readonly compareAndWrite?: boolean;
  readonly readOnly?: boolean;
  /** Default true: the LUN can unmap. */
  readonly thin?: boolean;
  readonly chap?: { readonly user: string; readonly password: string };
}

const run = promisify(execFile);
const startTimeoutMs = 10_000;
const environmentPath = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;

/** Why tests with a target cannot run here; false when they can. */
export function whyNoTgt(): string | false {
  const found = environmentPath.split(':').some((folder) => existsSync(join(folder, 'tgtd')));
  return found ? false : 'there is no tgtd (Debian package tgt)';
}

/** A real tgtd on a free port of 127.0.0.1 or of another address, with LUNs on files in a folder of its own, or those named. */
export class TgtServer {
  readonly iqn = 'iqn.2026-01.vmft.test:disk';
  readonly port: number;
  private readonly address: string;
  private readonly options: TgtOptions;
  private readonly folder: string;
  private daemon: ChildProcess | null = null;
  private readonly killAtExit = (): void => {
    this.daemon?.kill('SIGKILL');
  };

  private constructor(options: TgtOptions, folder: string, address: string, port: number) {
    this.options = options;
    this.folder = folder;
    this.address = address;
    this.port = port;
  }

  static async start(options: TgtOptions = {}): Promise<TgtServer> {
    const { imagePaths, address = '127.0.0.1' } = options;
    const server = new TgtServer(
      { ...options, luns: imagePaths?.length ?? options.luns ?? 1 },
      mkdtempSync(join(tmpdir(), 'vmft-tgt-')),
      address,
      await freePort(address),
    );
    for (let lun = 1; imagePaths === undefined && lun <= server.luns; lun++) {
      const fd = openSync(server.imagePath(lun), 'w');
      ftruncateSync(fd, options.lunBytes ?? 64 << 20);
      closeSync(fd);
    }
    process.on('exit', server.killAtExit);
    await server.startDaemon();
    return server;
  }

  private get luns(): number {
    return this.options.luns ?? 1;
  }

  /** Without a password: `iscsi://ADDRESS:PORT/IQN/LUN`. */
  url(lun = 1): string {
    return `iscsi://${this.address}:${this.port}/${this.iqn}/${lun}`;
  }

  /** With CHAP's user and password, as given or the right ones. */
  urlWithChap(
    user = this.options.chap?.user ?? '',
    password = this.options.chap?.password,
  ): string {
    const secret = password === undefined ? '' : `%${password}`;
    return this.url().replace('//', `//${user}${secret}@`);
  }

  imagePath(lun = 1): string {
    return this.options.imagePaths?.[lun - 1] ?? join(this.folder, `lun${lun}.img`);
  }

  /** No answer to anything, while connections stay. */
  stall(): void {
    this.daemon?.kill('SIGSTOP');
  }

  resume(): void {
    this.daemon?.kill('SIGCONT');
  }

  /** As a crash: connections break, and what the daemon holds in memory (persistent reservations) is gone. */
  async kill(): Promise<void> {
    const daemon = this.daemon;
    this.daemon = null;
    if (daemon === null) return;
    const gone = daemon.exitCode === null ? once(daemon, 'exit') : null;
    daemon.kill('SIGKILL');
    await gone;
  }

  /** After {@link kill}: on the same port, with the same files. */
  async restart(): Promise<void> {
    await this.startDaemon();
  }

  async stop(): Promise<void> {
    await this.kill();
    process.off('exit', this.killAtExit);
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** `tgtadm --lld iscsi …`; its standard output. */
  async admin(...words: string[]): Promise<string> {
    const { stdout } = await run('tgtadm', ['-C', '1', '--lld', 'iscsi', ...words], {
      env: this.environment(),
    });
    return stdout;
  }

  private environment(): NodeJS.ProcessEnv {
    return {
      ...process.env,
      PATH: environmentPath,
      TGT_IPC_SOCKET: join(this.folder, 'control'),
    };
  }

  private async startDaemon(): Promise<void> {
    const words = ['-f', '-C', '1', '-t', '1', '--iscsi', `portal=${this.address}:${this.port}`];
    const daemon = spawn('tgtd', words, {
      env: this.environment(),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.daemon = daemon;
    let said = '';
    daemon.stderr.on('data', (bytes: Buffer) => {
      said = (said + bytes.toString()).slice(-4096);
    });
    const deadline = Date.now() + startTimeoutMs;
    for (;;) {
      if (daemon.exitCode !== null || said.includes('unable to bind') || Date.now() > deadline)
        throw new Error(`tgtd does not start: ${said}`);
      try {
        await this.admin('--op', 'show', '--mode', 'target');
        break;
      } catch {
        await sleep(20);
      }
    }
    if (this.options.compareAndWrite ?? true) enableCompareAndWrite(daemon.pid ?? 0);
    await this.configure();
  }

  private async configure(): Promise<void> {
    await this.admin('--op', 'new', '--mode', 'target', '--tid', '1', '-T', this.iqn);
    for (let lun = 1; lun <= this.luns; lun++) {
      const which = ['--mode', 'logicalunit', '--tid', '1', '--lun', String(lun)];
      await this.admin('--op', 'new', ...which, '-b', this.imagePath(lun));
      const { thin = true, readOnly = false } = this.options;
      const parameters = `thin_provisioning=${thin ? 1 : 0},readonly=${readOnly ? 1 : 0}`;
      await this.admin('--op', 'update', ...which, '--params', parameters);
    }
    const { chap } = this.options;
    if (chap !== undefined) {
      const account = ['--mode', 'account', '--user', chap.user];
      await this.admin('--op', 'new', ...account, '--password', chap.password);
      await this.admin('--op', 'bind', ...account, '--tid', '1');
    }
    await this.admin('--op', 'bind', '--mode', 'target', '--tid', '1', '-I', 'ALL');
  }
}

async function freePort(address: string): Promise<number> {
  const server = createServer();
  server.listen(0, address);
  await once(server, 'listening');
  const bound = server.address();
  server.close();
  await once(server, 'close');
  if (bound === null || typeof bound === 'string') throw new Error('no port');
  return bound.port;
}

const opcodes = 256;
/** struct device_type_operations: a function, its service actions, and what a reservation allows. */
const entryBytes = 24;

/**
 * tgtd has COMPARE AND WRITE, but its table of disk commands has the entry commented out, because its
 * sixteen worker threads would not keep the two halves together; the rest (VPD page B0h, the report of one
 * command) says that it is there. With one thread, `-t 1`, it is atomic. So the entry is filled in, in the memory of the
 * daemon that was just started, as the one of WRITE (16): the same function, and the same rule for reservations.
 */
function enableCompareAndWrite(pid: number): void {
  const memory = openSync(`/proc/${pid}/mem`, 'r+');
  try {
    for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
      const found = /^([0-9a-f]+)-([0-9a-f]+) rw-p .*\/tgtd$/.exec(line);
      if (found === null) continue;
      const start = parseInt(found[1] ?? '', 16);
      const bytes = Buffer.alloc(parseInt(found[2] ?? '', 16) - start);
      readSync(memory, bytes, 0, bytes.length, start);
      const table = diskCommands(bytes);
      if (table === null) continue;
      const write16 = bytes.subarray(table + 0x8a * entryBytes, table + 0x8b * entryBytes);
      writeSync(memory, write16, 0, entryBytes, start + table + 0x89 * entryBytes);
      return;
    }
  } finally {
    closeSync(memory);
  }
  throw new Error('the table of disk commands of this tgtd is not where it was expected');
}

/** Where the table is in a piece of memory: reads and writes of all sizes have one function. */
function diskCommands(bytes: Buffer): number | null {
  const readsAndWrites = [0x0a, 0x28, 0x2a, 0x88, 0x8a, 0xa8, 0xaa];
  for (let base = 0; base + opcodes * entryBytes <= bytes.length; base += 8) {
    const at = (opcode: number): bigint => bytes.readBigUInt64LE(base + opcode * entryBytes);
    const both = at(0x08);
    if (both === 0n || both === at(0xff)) continue;
    if (at(0x01) === at(0xff) && readsAndWrites.every((opcode) => at(opcode) === both)) return base;
  }
  return null;
}
