import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { ReplicaClient } from '../../../src/host/replica/replica-client.js';
import type { TrialHost } from './trial-host.js';

/** What a replica of a host said, as a line of --json-events. */
export interface SeenEvent {
  readonly host: string;
  readonly type: string;
  readonly realtimeMs: number;
  readonly [field: string]: unknown;
}

const lookEveryMs = 50;

/**
 * All that the replicas of some hosts say, by their control sockets, as an observer: the daemons are not asked, so that what they
 * believe can be compared with it.
 */
export class ReplicaEvents {
  readonly seen: SeenEvent[] = [];
  private readonly clients = new Map<string, ReplicaClient>();
  private readonly timer: NodeJS.Timeout;
  private readonly changed = new Set<() => void>();

  constructor(private readonly hosts: readonly TrialHost[]) {
    this.timer = setInterval(() => {
      this.look();
    }, lookEveryMs);
  }

  /** Resolves with the first event that is wanted, past or future; null when none comes in time. */
  find(wanted: (event: SeenEvent) => boolean, withinMs: number): Promise<SeenEvent | null> {
    return new Promise((resolve) => {
      const settle = (event: SeenEvent | null): void => {
        clearTimeout(timeout);
        this.changed.delete(look);
        resolve(event);
      };
      const timeout = setTimeout(() => {
        settle(null);
      }, withinMs);
      const look = (): void => {
        const found = this.seen.find(wanted);
        if (found !== undefined) settle(found);
      };
      this.changed.add(look);
      look();
    });
  }

  close(): void {
    clearInterval(this.timer);
    for (const client of this.clients.values()) client.close();
  }

  private look(): void {
    for (const host of this.hosts) for (const socket of socketsOf(host)) this.attend(host, socket);
  }

  private attend(host: TrialHost, socket: string): void {
    const { ino, ctimeMs } = lstatSync(socket, { throwIfNoEntry: false }) ?? {};
    const key = `${socket} ${ino ?? 0} ${ctimeMs ?? 0}`;
    if (ino === undefined || this.clients.has(key)) return;
    const client = new ReplicaClient(socket);
    this.clients.set(key, client);
    client.events(0n, {
      event: ({ json }) => {
        this.seen.push({ ...(JSON.parse(json) as SeenEvent), host: host.name });
        for (const look of [...this.changed]) look();
      },
      ended: () => {
        client.close();
      },
    });
  }
}

function socketsOf(host: TrialHost): string[] {
  try {
    return readdirSync(host.stateFolder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isSocket())
      .map((entry) => join(entry.parentPath, entry.name));
  } catch {
    return [];
  }
}
