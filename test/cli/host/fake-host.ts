import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createLogger } from '../../../src/base/logger.js';
import {
  serveApi,
  type ApiServer,
  type Asking,
  type ConsoleStream,
  type HostApi,
} from '../../../src/host/api/api-server.js';
import type {
  HostDescription,
  Message,
  OperationProgress,
  ReplicaDescription,
} from '../../../src/host/api/methods.js';
import { parseHostConfig } from '../../../src/host/config.js';
import type { TlsFiles } from '../../../src/pair/channel/tls-files.js';

/** Each method as a test wants it; a call that none is given for is refused. */
export type Script = Partial<HostApi>;

/** One for all of them. */
type Answer = (request: unknown, asking: unknown, third: unknown) => unknown;

/** The control API as `vmft host` serves it, on a socket of its own, with answers that a test gives. */
export class FakeHost {
  readonly folder = mkdtempSync(join(tmpdir(), 'vmft-fake-host-'));
  readonly socket = join(this.folder, 'host.sock');
  /** What was asked, in order. */
  readonly asked: { readonly method: string; readonly request: unknown; readonly by: string }[] =
    [];
  script: Script = {};
  private server: ApiServer | null = null;

  /** `tls`: a {@link tlsTable}; empty: plain. */
  async open(port: number, tls = '', name = 'a'): Promise<void> {
    const lines = [
      `name = "${name}"`,
      `listen = "127.0.0.1:${port}"`,
      `state = "${this.folder}"`,
      `socket = "${this.socket}"`,
      tls,
    ];
    const config = parseHostConfig(lines.join('\n'), join(this.folder, 'host.toml'));
    this.server = await serveApi(this.api(), config, createLogger('silent'));
  }

  close(): void {
    this.server?.close();
    this.server = null;
  }

  remove(): void {
    this.close();
    rmSync(this.folder, { recursive: true });
  }

  private api(): HostApi {
    const scripted =
      (method: keyof HostApi) =>
      (request: unknown, asking: Asking | undefined, third?: unknown): unknown => {
        this.asked.push({ method, request, by: asking?.by ?? '' });
        const answer = this.script[method] as Answer | undefined;
        if (answer === undefined) return Promise.reject(new Error(`${method} was not expected`));
        return answer(request, asking, third);
      };
    const methods: (keyof HostApi)[] = [
      ...(['start', 'stop', 'reset', 'set', 'status'] as const),
      ...(['protect', 'unprotect', 'failover', 'move', 'snapshot', 'console'] as const),
      ...(['describe', 'startBackup', 'stopBackup'] as const),
    ];
    return Object.fromEntries(methods.map((name) => [name, scripted(name)])) as unknown as HostApi;
  }
}

/** As a configuration file has it. */
export function tlsTable({ keyFile, certificateFile, authorityFile }: TlsFiles): string {
  return `[tls]\nca = "${authorityFile}"\ncert = "${certificateFile}"\nkey = "${keyFile}"\n`;
}

export function progress(fields: Partial<OperationProgress>): OperationProgress {
  return {
    step: '',
    sentBytes: 0,
    leftBytes: 0,
    bytesPerSecond: 0,
    pauseMs: 0,
    done: false,
    ...fields,
  };
}

export function machineSpec(fields: Partial<Message<'MachineSpec'>>): Message<'MachineSpec'> {
  return {
    name: 'web',
    machineId: 'web-1',
    guest: { built: 'debian', kernel: '', initramfs: '', append: '' },
    memoryBytes: 256 * 2 ** 20,
    mac: '',
    disks: [],
    arbiter: 'file:/flags',
    accelerator: 'soft',
    counter: '',
    interpret: false,
    replication: 'auto',
    protected: true,
    antiAffinity: '',
    hosts: [],
    onReset: 'start',
    settings: [],
    version: 1,
    ...fields,
  };
}

export function replica(fields: Partial<ReplicaDescription>): ReplicaDescription {
  return {
    spec: machineSpec({}),
    replicaId: 'r',
    role: 'alone',
    phase: '',
    generation: 3,
    listening: '',
    trouble: '',
    unprotectedMs: 0,
    operation: '',
    memoryBytes: 256 * 2 ** 20,
    replication: '',
    sinceRealtimeMs: 0,
    lastFailure: '',
    ...fields,
  };
}

export function hostDescription(fields: Partial<HostDescription>): HostDescription {
  return {
    name: 'a',
    address: '10.0.1.1:7400',
    unreachable: '',
    vmft: '0.1.0',
    memoryBytes: 16 * 2 ** 30,
    memoryFreeBytes: 15.5 * 2 ** 30,
    labels: {},
    accelerators: ['soft'],
    replicas: [],
    startedRealtimeMs: 0,
    ...fields,
  };
}

export type { ConsoleStream };
