import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import type { DemoHost, DemoPlace } from '../../src/cli/demo/demo-network.js';
import { LabHost } from './lab-host.js';
import type { LabImages } from './lab-images.js';
import { nicsOf, settingsOf, type LabNetwork } from './lab-network.js';
import { startInMachine } from './lab-vmft.js';

export interface LabOptions {
  /** Skids of the emulated counters to go through, in branches. */
  readonly skids: readonly number[];
  /** How often the demo is repeated. */
  readonly runs: number;
  /** What a scenario has left stays in the lab's folder. */
  readonly keep: boolean;
  readonly only: string | null;
}

export interface HostNeeds {
  readonly skidBranches: number;
  readonly memoryMiB?: number;
}

/** Two machines that are up, and how the demo sees them. */
export interface LabPair {
  readonly a: LabHost;
  readonly b: LabHost;
  readonly place: DemoPlace;
}

/** One scenario's machines and storage, on the lab's network. */
export class Lab {
  private readonly hosts: LabHost[] = [];
  private closed = false;

  constructor(
    readonly images: LabImages,
    readonly options: LabOptions,
    private readonly folder: string,
    private readonly network: LabNetwork,
    /** Tells what happens. */
    readonly say: (text: string) => void,
  ) {}

  /** Boots host a alone. */
  async bootOne(needs: HostNeeds): Promise<LabHost> {
    return this.boot(this.network.demo.a, needs);
  }

  /** Boots both, with empty storage between them. */
  async bootPair(needs: HostNeeds): Promise<LabPair> {
    rmSync(this.storageFolder, { recursive: true, force: true });
    const { a: hostA, b: hostB, client } = this.network.demo;
    const booting = await Promise.allSettled([this.boot(hostA, needs), this.boot(hostB, needs)]);
    const [a, b] = booting.map((result) => {
      if (result.status === 'rejected') throw result.reason;
      return result.value;
    }) as [LabHost, LabHost];
    const inA = inMachine(hostA, a);
    const inB = inMachine(hostB, b);
    const place = { a: inA, client, other: (host: DemoHost) => (host === inA ? inB : inA) };
    return { a, b, place };
  }

  /** Kills the machines; their folders stay with `keep`. */
  async closeHosts(): Promise<void> {
    const hosts = this.hosts.splice(0);
    await Promise.all(hosts.map((host) => host.close(this.options.keep)));
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.closeHosts();
    if (!this.options.keep) rmSync(this.folder, { recursive: true, force: true });
  }

  private get storageFolder(): string {
    return join(this.folder, 'storage');
  }

  private async boot(host: DemoHost, needs: HostNeeds): Promise<LabHost> {
    if (this.closed) throw new Error('the scenario is over');
    mkdirSync(this.folder, { recursive: true });
    const booted = await LabHost.boot({
      images: this.images,
      name: `lab-${host.label}`,
      folder: join(this.folder, `lab-${host.label}`),
      storageFolder: this.storageFolder,
      ...needs,
      nics: nicsOf(host),
      settings: settingsOf(host),
      spawn: (command, stdio) => host.namespace.spawn(command, stdio),
    });
    this.hosts.push(booted);
    return booted;
  }
}

function inMachine(host: DemoHost, machine: LabHost): DemoHost {
  return { ...host, start: (command) => startInMachine(machine, command) };
}
