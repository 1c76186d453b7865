/**
 * A replica with a fake machine in a process of its own, so that tests can kill and stop it as the world
 * would. Talks to the test by IPC; see replica-child.ts.
 */
import { createHash } from 'node:crypto';

import { asVmftError } from '../../../src/base/errors.js';
import type { PairSettings } from '../../../src/base/limits.js';
import type { GuestConfig, MachineEvents } from '../../../src/flow/machine/machine.js';
import { systemClock } from '../../../src/flow/world/system-clock.js';
import { systemRandom } from '../../../src/flow/world/system-random.js';
import { openArbiter } from '../../../src/pair/arbiter/open-arbiter.js';
import { parseAddress } from '../../../src/pair/channel/address.js';
import { joinAsBackup } from '../../../src/pair/session/join-as-backup.js';
import { runPrimary } from '../../../src/pair/session/run-primary.js';
import type { Session } from '../../../src/pair/session/session.js';
import { FakeMachine } from '../../flow/machine/fake-machine.js';

export interface ReplicaOrder {
  readonly role: 'primary' | 'backup';
  /** Where to listen (primary) or to join (backup). */
  readonly address: string;
  readonly arbiter: string;
  readonly settings: Partial<PairSettings>;
  readonly build?: string;
}

export type ToReplica =
  | { readonly request: number }
  | { readonly powerOff: true }
  | { readonly diverge: true }
  | { readonly status: true };

export type FromReplica =
  | { readonly event: string; readonly detail: string; readonly realtimeMs: number }
  | { readonly output: number; readonly content: string }
  | { readonly status: string; readonly generation: string; readonly mode: string }
  | { readonly failed: string };

const guest: GuestConfig = {
  memoryBytes: 64 << 20,
  kernelPath: 'fake',
  initramfsPath: null,
  commandLine: '',
  mac: null,
  randomSeed: createHash('sha256').update('fake').digest(),
  realtimeNs: 0n,
  cpu: null,
  disks: [],
};

function tell(message: FromReplica): void {
  if (process.connected) process.send?.(message);
}

async function start(order: ReplicaOrder): Promise<void> {
  let machine: FakeMachine | null = null;
  const createMachine = (config: GuestConfig, events: MachineEvents): FakeMachine => {
    machine = new FakeMachine(config, events, {
      show: (output, content) => {
        tell({ output, content });
      },
      entropy: () => systemRandom.bytes(4).readUInt32LE(0),
    });
    return machine;
  };
  const shared = {
    clock: systemClock,
    random: systemRandom,
    settings: order.settings,
    createMachine,
    build: order.build ?? 'test',
    accelerator: 'fake',
    replays: true,
    replication: 'auto' as const,
    onEvent: (event: { readonly type: string; readonly realtimeMs: number }) => {
      const text = JSON.stringify(event, (_, value: unknown) =>
        typeof value === 'bigint' ? value.toString() : value,
      );
      tell({ event: event.type, detail: text, realtimeMs: event.realtimeMs });
    },
  };
  const arbiter = await openArbiter(order.arbiter, systemRandom);
  const address = parseAddress(order.address);
  const session: Session =
    order.role === 'primary'
      ? await runPrimary({ ...shared, guest, listen: address, arbiter, recordTo: null })
      : await joinAsBackup({
          ...shared,
          primary: address,
          arbiter,
          memoryBytesMax: null,
          listen: null,
        });
  setInterval(() => machine?.step(20), 2).unref();
  process.on('message', (message: ToReplica) => {
    if ('request' in message) machine?.request(message.request);
    else if ('powerOff' in message) session.powerOff('power-off');
    else if ('diverge' in message && machine !== null) machine.state.hash ^= 1;
    else {
      const { role, phase, generation } = session.status();
      const mode = machine?.mode ?? 'none';
      tell({ status: `${role}/${phase}`, generation: generation.toString(), mode });
    }
  });
  const end = await session.ended;
  process.exitCode = end.exitStatus;
  process.disconnect();
}

start(JSON.parse(process.argv[2] ?? '{}') as ReplicaOrder).catch((thrown: unknown) => {
  const error = asVmftError(thrown);
  tell({ failed: error.message });
  process.exitCode = error.exitStatus;
  process.disconnect();
});
