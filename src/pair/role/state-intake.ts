import { VmftError } from '../../base/errors.js';
import { limits } from '../../base/limits.js';
import type { Replication } from '../../flow/machine/machine.js';
import type { FromPrimary, State } from '../channel/messages.js';
import type { Action } from './role.js';

/**
 * A joining backup's side of the copy: Welcome; once this host is prepared, chunks of private disks and memory, in
 * any order; then the state, with which the image is whole.
 */
export class StateIntake {
  /** The disks are open, the machine is made. */
  made = false;
  /** The arbiter's storage is the one that the primary sees. */
  shared = false;
  /** The machine has taken the state over. */
  restored = false;
  /** The private disks are on the medium, as they were when the guest was paused. */
  flushed = false;
  heartbeatPort = 0;
  replication: Replication = 'replay';
  /** The primary's. */
  peer = '';
  /** Chunks that are taken in. */
  taken = 0n;
  private chunks = 0n;
  private memoryChunks = 0n;
  private generation = 0n;
  private stage: 'welcome' | 'preparing' | 'copy' | 'state' | 'done' = 'welcome';
  private readonly pieces: Buffer[] = [];
  private stateBytes = 0;

  get ready(): boolean {
    return this.restored && this.flushed;
  }

  /** The guest may still run: there is no haste. */
  get early(): boolean {
    return this.stage === 'preparing' || this.stage === 'copy';
  }

  get copying(): boolean {
    return this.stage === 'copy';
  }

  /** Prepared can be sent, and has not been. */
  get preparable(): boolean {
    return this.stage === 'preparing' && this.made && this.shared;
  }

  prepared(): void {
    this.stage = 'copy';
  }

  /** What to do with a message, or what is wrong with it. */
  take(message: FromPrimary): Action[] | VmftError {
    switch (message.kind) {
      case 'welcome':
        if (this.stage !== 'welcome') return unexpected('a second welcome');
        if (message.generation === 0n) return unexpected('a welcome to generation 0');
        this.stage = 'preparing';
        this.generation = message.generation;
        this.heartbeatPort = message.heartbeatPort;
        this.replication = message.replication;
        this.peer = message.replicaId;
        return [{ do: 'prepare', welcome: message }];
      case 'disk-chunk':
      case 'memory-chunk':
      case 'flush-disks':
        if (this.stage !== 'copy') return unexpected('a piece of the machine');
        this.chunks += 1n;
        if (message.kind === 'memory-chunk') this.memoryChunks += 1n;
        if (this.chunks - this.taken > limits.copyChunksUnderWayMax) {
          return unexpected('a piece of the machine before earlier ones were taken in,');
        }
        return [{ do: 'take-chunk', chunk: message }];
      case 'state':
        return this.takeState(message);
      case 'refused':
      case 'log-frame':
      case 'hand-over':
        return unexpected(message.kind);
    }
  }

  private takeState({ generation, memoryChunks, state, more }: State): Action[] | VmftError {
    if (this.stage !== 'copy' && this.stage !== 'state') return unexpected('the state');
    if (generation !== this.generation) return unexpected('state of another generation');
    if (memoryChunks !== this.memoryChunks) {
      const text = `${this.memoryChunks} pieces of memory came of ${memoryChunks}`;
      return new VmftError('message-unexpected', text);
    }
    this.stateBytes += state.length;
    if (this.stateBytes > limits.machineStateBytesMax) {
      return new VmftError('message-too-large', 'the primary sent a state without end');
    }
    this.stage = more ? 'state' : 'done';
    this.pieces.push(state);
    if (more) return [];
    const whole = Buffer.concat(this.pieces.splice(0));
    return [{ do: 'restore-state', state: whole }, { do: 'flush-disks' }];
  }
}

function unexpected(what: string): VmftError {
  return new VmftError('message-unexpected', `the primary sent ${what} at the wrong time`);
}
