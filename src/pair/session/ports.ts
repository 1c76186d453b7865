import type { VmftError } from '../../base/errors.js';
import type { GuestConfig, Machine, MachineEvents } from '../../flow/machine/machine.js';
import type { Disk } from '../../flow/world/disk.js';
import type { FromBackup, FromPrimary, Heartbeat } from '../channel/messages.js';
import type { Rest, RestBeat } from '../role/peer-pulse.js';
import type { ArbitrationResult, LinkId } from '../role/role.js';

/**
 * What a replica needs from outside, all by callback: in production src/pair/channel, src/pair/arbiter
 * and the native machine, in the simulation its own.
 */

/** One connection to a peer. After `close` neither callback is called again. */
export interface PeerLink {
  readonly id: LinkId;
  /** Never blocks. False: the link's buffer is full, wait for `whenDrained` if you can. */
  send(message: FromBackup | FromPrimary): boolean;
  /** Calls `run` once, when the link takes more. */
  whenDrained(run: () => void): void;
  /** Ends in order (null) or with an error that the peer is told. Idempotent. */
  close(error: VmftError | null): void;
}

export interface LinkEvents {
  message(link: PeerLink, message: FromBackup | FromPrimary): void;
  closed(link: PeerLink, clean: boolean, error: VmftError | null): void;
}

export interface HeartbeatPort {
  /** This host's UDP port, for Welcome; 0 when there is none. */
  readonly port: number;
  send(heartbeat: Heartbeat): void;
  /** Hands over what has come, before it returns. It wakes nobody by itself: who waits for heartbeats looks at each tick. */
  deliver(): void;
  /** A backup learns from Welcome where to send. A primary answers to where valid heartbeats come from. */
  towards(port: number): void;
  /**
   * Beats by itself from now on; `over` is called once, when the role has to look, but not after `rise`. At most one rest at a
   * time. False: nothing was done, since it does not know yet where the peer is.
   */
  rest(rest: Rest, machineId: string, over: () => void): boolean;
  /** Ends the rest: what went out in it, oldest first; empty when there was none. What came after the last of these is to be delivered. */
  rise(): readonly RestBeat[];
}

export interface ArbiterPort {
  readonly url: string;
  form(machineId: string, generation: bigint, done: (error: VmftError | null) => void): void;
  verifyFormation(
    machineId: string,
    generation: bigint,
    done: (error: VmftError | null) => void,
  ): void;
  testAndSet(
    machineId: string,
    generation: bigint,
    done: (result: ArbitrationResult) => void,
  ): void;
}

/** What copying needs of a disk. */
export type CopiedDisk = Pick<
  Disk,
  'capacityBytes' | 'blockBytes' | 'readRange' | 'writeRange' | 'clear' | 'flush' | 'nextData'
>;

/** The disks of a machine as this host has them. */
export interface DiskPort {
  /**
   * A joining backup's: opens them, and checks that they can be the machine's; its own copies count as being
   * copied from here on, until the pair is formed; none of `primary`’s is copied over. `done` once; null: the machine can be made.
   */
  prepare(
    config: GuestConfig,
    user: { readonly machineId: string; readonly replicaId: string },
    primary: { readonly machineId: string; readonly replicaId: string },
    done: (error: VmftError | null) => void,
  ): void;
  /** Disk `index` of GuestConfig.disks, for copying; a private one. */
  opened(index: number): CopiedDisk | null;
}

/** Makes a machine in mode `created`; the caller attaches what belongs to this host (tap, disks, console). */
export type MachineFactory = (config: GuestConfig, events: MachineEvents) => Machine;

/** Pausing is the machine's one asynchronous method; the simulation answers at once. */
export type PauseMachine = (machine: Machine, paused: () => void) => void;
