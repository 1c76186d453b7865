import { execFileSync, spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  closeSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
  constants,
} from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { LabJob, type JobEnd, type JobHost, type JobStream } from './lab-job.js';
import { projectRoot, type LabImages } from './lab-images.js';
import { qemuCommand, type LabNic } from './qemu-command.js';

export interface HostOptions {
  readonly images: LabImages;
  readonly name: string;
  /** Made anew; its parent must exist. */
  readonly folder: string;
  readonly storageFolder?: string;
  readonly filesFolder?: string;
  readonly memoryMiB?: number;
  readonly cpus?: number;
  readonly skidBranches?: number;
  readonly nics?: readonly LabNic[];
  readonly settings?: Readonly<Record<string, string>>;
  readonly bootMsMax?: number;
  /** Outlives this process, for so long; otherwise it ends with it. */
  readonly detachedForS?: number;
  /** Starts the machine, in a network namespace perhaps. */
  readonly spawn?: (command: readonly string[], stdio: StdioOptions) => ChildProcess;
}

export interface RunResult extends JobEnd {
  readonly stdout: string;
  readonly stderr: string;
}

const bootMsMaxDefault = 120_000;

/** A Linux host of the lab: a QEMU machine with emulated SVM and performance counters. */
export class LabHost implements JobHost {
  private readonly jobs = new Set<LabJob>();
  private gone = false;

  private constructor(
    readonly name: string,
    readonly folder: string,
    readonly processId: number,
  ) {}

  /** Resolves when the host takes orders. Throws when it does not in time, with the end of its console. */
  static async boot(options: HostOptions): Promise<LabHost> {
    const { folder, name } = options;
    rmSync(folder, { recursive: true, force: true });
    const storageFolder = options.storageFolder ?? join(folder, 'storage');
    for (const path of [join(folder, 'share', 'jobs'), storageFolder]) {
      mkdirSync(path, { recursive: true });
    }
    execFileSync('mkfifo', [join(folder, 'orders.in'), join(folder, 'orders.out')]);
    const command = qemuCommand({
      ...{ images: options.images, name, folder, storageFolder },
      filesFolder: options.filesFolder ?? projectRoot,
      memoryMiB: options.memoryMiB ?? 1024,
      cpus: options.cpus ?? 1,
      skidBranches: options.skidBranches ?? 0,
      nics: options.nics ?? [],
      settings: options.settings ?? {},
    });
    const child = startQemu(command, options);
    const ready = (): boolean => existsSync(join(folder, 'share', 'ready'));
    const deadline = performance.now() + (options.bootMsMax ?? bootMsMaxDefault);
    while (!ready()) {
      if (child.exitCode !== null || child.signalCode !== null || performance.now() > deadline) {
        child.kill('SIGKILL');
        throw new Error(`host ${name} does not come up: ${lastWords(folder)}`);
      }
      await sleep(20);
    }
    return LabHost.attach(folder);
  }

  /** A host that this or another process has booted. Throws when it is not up. */
  static attach(folder: string): LabHost {
    const name = basename(folder);
    const path = join(folder, 'qemu.pid');
    const processId = existsSync(path) ? Number(readFileSync(path, 'utf8').trim()) : 0;
    const host = new LabHost(name, folder, processId);
    if (!host.alive) throw new Error(`host ${name} is not up`);
    return host;
  }

  get alive(): boolean {
    // A process id may have gone to another: this one's command line names the folder.
    this.gone ||= !commandLine(this.processId).includes(join(this.folder, 'qemu.pid'));
    return !this.gone;
  }

  /** Starts a script of bash; its output can be had as it comes. */
  start(
    script: string,
    watch: {
      readonly timeoutMs: number | null;
      readonly onOutput?: (stream: JobStream, bytes: Buffer) => void;
    },
  ): LabJob {
    const folder = mkdtempSync(join(this.folder, 'share', 'jobs', 'job-'));
    writeFileSync(join(folder, 'script'), `${script}\n`);
    const job = new LabJob(this, basename(folder), folder, watch);
    this.jobs.add(job);
    void job.ended.then(() => this.jobs.delete(job));
    this.order(`run ${job.name}`);
    return job;
  }

  /** Runs a script of bash to its end, or to the end of its time. */
  async run(script: string, timeoutMs: number): Promise<RunResult> {
    const job = this.start(script, { timeoutMs });
    const end = await job.ended;
    return { ...end, stdout: job.output.stdout, stderr: job.output.stderr };
  }

  /** The same, and its standard output; throws when the script fails. */
  async get(script: string, timeoutMs: number): Promise<string> {
    const { status, reason, stdout, stderr } = await this.run(script, timeoutMs);
    if (status === 0) return stdout;
    const how = status === null ? reason : `status ${status}`;
    const said = (stderr.trim() === '' ? stdout : stderr).trim().slice(-500);
    const first = script.trim().split('\n')[0] ?? '';
    throw new Error(
      `${this.name}: ${how}: ${said.replaceAll('\n', ' / ')} (${first.slice(0, 120)} …)`,
    );
  }

  order(line: string): void {
    const fd = openSync(join(this.folder, 'orders.in'), constants.O_RDWR | constants.O_NONBLOCK);
    try {
      writeSync(fd, `${line}\n`);
    } finally {
      closeSync(fd);
    }
  }

  /** SIGKILL to the machine: the host is gone from one instruction to the next. */
  kill(): void {
    if (this.alive) process.kill(this.processId, 'SIGKILL');
  }

  /** Kills the machine, and removes its folder unless it is to be kept. */
  async close(keepFolder = false): Promise<void> {
    this.kill();
    for (let tries = 0; this.alive && tries < 250; tries += 1) await sleep(20);
    await Promise.all([...this.jobs].map((job) => job.ended));
    if (!keepFolder) rmSync(this.folder, { recursive: true, force: true });
  }
}

function startQemu(command: readonly string[], options: HostOptions): ChildProcess {
  const { folder, detachedForS } = options;
  const log = openSync(join(folder, 'qemu.log'), 'w');
  const stdio: StdioOptions = ['ignore', log, log];
  let child: ChildProcess;
  if (detachedForS === undefined) {
    const whole = ['setpriv', '--pdeathsig', 'KILL', '--', ...command];
    child = (options.spawn ?? spawnHere)(whole, stdio);
  } else {
    const words = ['--signal=KILL', String(detachedForS), ...command];
    child = spawn('timeout', words, { stdio, detached: true });
    child.unref();
  }
  child.on('error', () => undefined);
  closeSync(log);
  return child;
}

function spawnHere(command: readonly string[], stdio: StdioOptions): ChildProcess {
  const [program = '', ...words] = command;
  return spawn(program, words, { stdio });
}

function commandLine(processId: number): string {
  if (processId === 0) return '';
  try {
    return readFileSync(`/proc/${processId}/cmdline`, 'latin1');
  } catch {
    return '';
  }
}

function lastWords(folder: string): string {
  const tails = ['qemu.log', 'console.log'].map((name) => {
    const path = join(folder, name);
    const text = existsSync(path) ? readFileSync(path, 'latin1') : '';
    const lines = text
      .split('\n')
      .filter((line) => line.trim() !== '' && !/warning: TCG/.test(line));
    return lines.slice(-8).join('\n');
  });
  return tails.filter((tail) => tail !== '').join('\n');
}
