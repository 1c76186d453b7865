import type { HostDescription, ReplicaDescription } from '../../src/host/api/methods.js';
import type { MachineRecord } from '../../src/host/machine/machine-record.js';
import type { MachineSpec } from '../../src/host/machine/machine-spec.js';

/** Hosts and machines as tests of the pure parts want them: usual ones, but for what is named. */

const gib = 2 ** 30;

export function machineSpec(change: Partial<MachineSpec> = {}): MachineSpec {
  return {
    name: 'vm1',
    machineId: 'id1',
    guest: { built: 'halt', kernel: '', initramfs: '', append: '' },
    memoryBytes: gib,
    mac: '',
    disks: [],
    arbiter: 'file:/shared',
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
    ...change,
  };
}

export function machineRecord(change: Partial<MachineRecord> = {}): MachineRecord {
  return {
    version: 1,
    spec: machineSpec(),
    state: 'running',
    token: '01234567',
    startedAs: 'primary',
    replicaId: 'replica-here',
    role: 'alone',
    generation: 0,
    sinceRealtimeMs: 1_000,
    processId: 4711,
    tap: null,
    end: '',
    restarts: 0,
    ...change,
  };
}

export function host(name: string, change: Partial<HostDescription> = {}): HostDescription {
  return {
    name,
    address: `${name}:7400`,
    unreachable: '',
    vmft: 'build-1',
    memoryBytes: 16 * gib,
    memoryFreeBytes: 8 * gib,
    labels: {},
    accelerators: ['soft'],
    replicas: [],
    startedRealtimeMs: 0,
    ...change,
  };
}

export function silent(name: string): HostDescription {
  return host(name, { unreachable: 'no answer', vmft: '', memoryFreeBytes: 0, accelerators: [] });
}

export function replica(
  role: string,
  change: Partial<ReplicaDescription> & { readonly of?: Partial<MachineSpec> } = {},
): ReplicaDescription {
  const { of, ...fields } = change;
  return {
    spec: machineSpec(of),
    replicaId: `replica-${role}`,
    role,
    phase: '',
    generation: 1,
    listening: '',
    trouble: '',
    unprotectedMs: 0,
    operation: '',
    memoryBytes: role === 'lost' || role === 'stopped' ? 0 : gib,
    replication: '',
    sinceRealtimeMs: 0,
    lastFailure: '',
    ...fields,
  };
}
