import { VmftError } from '../../base/errors.js';
import { limits } from '../../base/limits.js';
import type { FromPrimary } from '../channel/messages.js';
import type { Action } from './role.js';

/** A joining backup's side of the state transfer: Welcome, then chunks without a gap, then the end. */
export class StateIntake {
  /** The machine has taken the state over. */
  restored = false;
  /** The arbiter's storage is the one that the primary sees. */
  shared = false;
  heartbeatPort = 0;
  private stage: 'welcome' | 'chunks' | 'done' = 'welcome';
  private expected = 0n;
  private received = 0n;

  constructor(private readonly memoryBytesMax: bigint) {}

  get ready(): boolean {
    return this.restored && this.shared;
  }

  /** What to do with a message, or what is wrong with it. */
  take(message: FromPrimary): Action[] | VmftError {
    switch (message.kind) {
      case 'welcome': {
        if (this.stage !== 'welcome') return unexpected('a second welcome');
        if (message.generation === 0n) return unexpected('a welcome to generation 0');
        const { stateBytes } = message;
        if (stateBytes === 0n || stateBytes > BigInt(limits.stateBytesMax)) {
          return new VmftError(
            'message-too-large',
            `the primary announced ${stateBytes} bytes of state`,
          );
        }
        // State is about as large as the guest's memory; the exact check is the machine's own.
        const room = this.memoryBytesMax * 2n;
        if (room !== 0n && stateBytes > room) {
          return new VmftError('memory-too-small', `the guest’s state has ${stateBytes} bytes`);
        }
        this.stage = 'chunks';
        this.expected = stateBytes;
        this.heartbeatPort = message.heartbeatPort;
        return [{ do: 'create-machine', welcome: message }];
      }
      case 'state-chunk': {
        if (this.stage !== 'chunks') return unexpected('state before the welcome');
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
          return new VmftError('snapshot-corrupt', text);
        }
        this.stage = 'done';
        const { checksum } = message;
        return [
          { do: 'restore-end', bytes: Number(this.received), checksum },
          { do: 'emit', event: { type: 'state-received', bytes: this.received } },
        ];
      }
      case 'refused':
      case 'log-frame':
        return unexpected(message.kind);
    }
  }
}

function unexpected(what: string): VmftError {
  return new VmftError('message-unexpected', `the primary sent ${what} at the wrong time`);
}
