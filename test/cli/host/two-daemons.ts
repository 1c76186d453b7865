import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { hostMethods, HostClient } from '../../../src/host/api/host-client.js';
import { mainScript } from '../../../src/cli/project-paths.js';
import type { Message } from '../../../src/host/api/methods.js';
import type { PeerConfig } from '../../../src/host/config.js';
import { configText } from '../../../src/host/setup/config-text.js';
import type { TlsFiles } from '../../../src/pair/channel/tls-files.js';
import type { Outcome } from '../vmft.js';
import { tlsTable } from './fake-host.js';

const timeoutMs = 60_000;

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export interface DaemonFields {
  readonly name: string;
  readonly port: number;
  readonly tls: TlsFiles;
  readonly peers: readonly PeerConfig[];
  /** Further lines of the file, before its tables. */
  readonly lines?: readonly string[];
}

/** Daemons of hosts on 127.0.0.1, as processes of their own, and the CLI against them. */
export class Daemons {
  readonly folder = mkdtempSync(join(tmpdir(), 'vmft-daemons-'));
  private readonly children = new Map<string, ChildProcess>();

  socket(name: string): string {
    return join(this.folder, `${name}.sock`);
  }

  /** Resolves when its daemon answers. */
  async start({ name, port, tls, peers, lines = [] }: DaemonFields): Promise<void> {
    const file = join(this.folder, `${name}.toml`);
    const text = configText({
      name,
      listen: { host: '127.0.0.1', port },
      state: join(this.folder, name),
      socket: this.socket(name),
      arbiter: `file:${join(this.folder, 'flags')}`,
      bridge: null,
      peers,
    });
    const own = text.replace(/^\[tls\]\n(.* = .*\n){3}/m, tlsTable(tls));
    writeFileSync(file, [...lines, own].join('\n'));
    const child = spawn(process.execPath, [mainScript, 'host', '--config', file]);
    this.children.set(name, child);
    const log = join(this.folder, `${name}.log`);
    let said = '';
    child.stderr.on('data', (bytes: Buffer) => {
      said += bytes.toString();
      appendFileSync(log, bytes);
    });
    await this.until(async () => {
      assert.equal(child.exitCode, null, said);
      return this.status(name, true).then(
        () => true,
        () => false,
      );
    });
  }

  /** A command asked of a host's daemon on its socket. */
  run(name: string, ...words: string[]): Promise<Outcome> {
    const child = spawn(process.execPath, [mainScript, ...words], {
      env: { ...process.env, VMFT_SOCKET: this.socket(name), VMFT_TLS: '' },
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (bytes: Buffer) => (stdout += bytes.toString()));
    child.stderr.on('data', (bytes: Buffer) => (stderr += bytes.toString()));
    return new Promise((resolve) => {
      child.on('close', (status) => {
        resolve({ status, stdout, stderr });
      });
    });
  }

  async status(name: string, thisHostOnly = false): Promise<Message<'StatusReply'>> {
    const client = new HostClient({ socket: this.socket(name) });
    try {
      return await client.call(
        hostMethods.status,
        { name: '', thisHostOnly },
        { withinMs: 10_000 },
      );
    } finally {
      client.close();
    }
  }

  async until(holds: () => Promise<boolean>): Promise<void> {
    const end = Date.now() + timeoutMs;
    while (!(await holds())) {
      assert.ok(Date.now() < end, 'it did not come about in time');
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  /** Powers off what runs, ends the daemons, and removes all files. */
  async end(machines: readonly string[]): Promise<void> {
    const [any] = this.children.keys();
    for (const machine of machines) await this.run(any ?? '', 'stop', machine, '--hard');
    for (const child of this.children.values()) {
      if (child.exitCode !== null) continue;
      child.kill('SIGTERM');
      await new Promise((resolve) => child.once('exit', resolve));
    }
    rmSync(this.folder, { recursive: true });
  }
}
