import { VmftError } from '../../base/errors.js';
import { limits } from '../../base/limits.js';
import type { FromPrimary } from '../channel/messages.js';
import type { Action } from './role.js';

/**
 * A joining backup's side of the state transfer: Welcome; once this host is prepared, chunks of private disks;
 * then the state's beginning, its chunks without a gap, and its end.
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
  /** Chunks of disks that are written. */
  written = 0n;
  private chunks = 0n;
  private generation = 0n;
  private stage: 'welcome' | 'preparing' | 'disks' | 'chunks' | 'done' = 'welcome';
  private expected = 0n;
  private received = 0n;

  constructor(private readonly memoryBytesMax: bigint) {}

  get ready(): boolean {
    return this.restored && this.flushed;
  }

  /** The guest still runs: there is no haste. */
  get early(): boolean {
    return this.stage === 'preparing' || this.stage === 'disks';
  }

  /** Prepared can be sent, and has not been. */
  get preparable(): boolean {
    return this.stage === 'preparing' && this.made && this.shared;
  }

  prepared(): void {
    this.stage = 'disks';
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
        return [{ do: 'prepare', welcome: message }];
      case 'disk-chunk':
        if (this.stage !== 'disks') return unexpected('a piece of disk');
        this.chunks += 1n;
        if (this.chunks - this.written > limits.diskChunksUnderWayMax) {
          return unexpected('a piece of disk before earlier ones were written,');
        }
        return [{ do: 'write-disk', chunk: message }];
      case 'state-begin':
        return this.begin(message.generation, message.bytes);
      case 'state-chunk': {
        if (this.stage !== 'chunks') return unexpected('state before its beginning');
        if (message.offset !== this.received) {
          const text = `a piece of state at ${message.offset} where ${this.received} was due`;
          return new VmftError('message-unexpected', `the primary sent ${text}`);
        }
        const offset = Number(message.offset);
        this.received += BigInt(message.data.length);
        if (this.received > this.expected) return unexpected('more state than it announced');
        return [{ do: 'restore-chunk', offset, data: message.data }];
      }
      case 'state-end': {
        if (this.stage !== 'chunks') return unexpected('the state’s end before its beginning');
        if (message.bytes !== this.received || this.received !== this.expected) {
          const text = `${this.received} bytes of state came of ${this.expected}`;
          return new VmftError('image-corrupt', text);
        }
        this.stage = 'done';
        const { checksum } = message;
        return [
          { do: 'restore-end', bytes: Number(this.received), checksum },
          { do: 'flush-disks' },
          { do: 'emit', event: { type: 'state-received', bytes: this.received } },
        ];
      }
      case 'refused':
      case 'log-frame':
        return unexpected(message.kind);
    }
  }

  private begin(generation: bigint, bytes: bigint): Action[] | VmftError {
    if (this.stage !== 'disks') return unexpected('the state’s beginning');
    if (generation !== this.generation) return unexpected('state of another generation');
    if (bytes === 0n || bytes > BigInt(limits.stateBytesMax)) {
      return new VmftError('message-too-large', `the primary announced ${bytes} bytes of state`);
    }
    // State is about as large as the guest's memory; the exact check is the machine's own.
    const room = this.memoryBytesMax * 2n;
    if (room !== 0n && bytes > room) {
      return new VmftError('memory-too-small', `the guest’s state has ${bytes} bytes`);
    }
    this.stage = 'chunks';
    this.expected = bytes;
    return [];
  }
}

function unexpected(what: string): VmftError {
  return new VmftError('message-unexpected', `the primary sent ${what} at the wrong time`);
}
