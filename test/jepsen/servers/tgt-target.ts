import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';

import { ServerProcess } from './server-process.js';

const targetName = 'iqn.2026-01.vmft.test:disk';
const port = 3260;

/** One LUN of tgtd, on an address of this process's network. */
export class TgtTarget {
  private server: ServerProcess | null = null;
  private readonly environment: { readonly TGT_IPC_SOCKET: string };

  private constructor(
    folder: string,
    private readonly address: string,
    private readonly imagePath: string,
  ) {
    this.environment = { TGT_IPC_SOCKET: join(folder, 'tgtd.socket') };
  }

  static async start(folder: string, address: string, imagePath: string): Promise<TgtTarget> {
    const target = new TgtTarget(folder, address, imagePath);
    await target.begin();
    return target;
  }

  /** Where initiators find the LUN. */
  get url(): string {
    return `iscsi://${this.address}:${port}/${targetName}/1`;
  }

  /** tgtd dies: connections break, registrations and reservations are forgotten. */
  async die(): Promise<void> {
    await this.server?.killed();
    this.server = null;
  }

  /** Starts it, also again after {@link die}. */
  async begin(): Promise<void> {
    rmSync(this.environment.TGT_IPC_SOCKET, { force: true });
    rmSync(`${this.environment.TGT_IPC_SOCKET}.lock`, { force: true });
    const command = ['tgtd', '-f', '--iscsi', `portal=${this.address}:${port}`];
    this.server = await ServerProcess.start(command, this.environment, () => {
      this.administer('--op', 'show', '--mode', 'system');
    });
    this.administer('--op', 'new', '--mode', 'target', '--tid', '1', '-T', targetName);
    this.administer(
      ...['--op', 'new', '--mode', 'logicalunit', '--tid', '1', '--lun', '1'],
      ...['-b', this.imagePath],
    );
    this.administer('--op', 'bind', '--mode', 'target', '--tid', '1', '-I', 'ALL');
  }

  stall(): void {
    this.server?.stall();
  }

  goOn(): void {
    this.server?.goOn();
  }

  kill(): void {
    this.server?.kill();
  }

  private administer(...words: string[]): void {
    const options = ['--lld', 'iscsi', ...words];
    const environment = { ...process.env, ...this.environment };
    const result = spawnSync('tgtadm', options, { env: environment, encoding: 'utf8' });
    if (result.status === 0) return;
    throw new Error(`tgtadm ${words.join(' ')}: ${result.error?.message ?? result.stderr.trim()}`);
  }
}
