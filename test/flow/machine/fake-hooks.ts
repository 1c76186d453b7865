import type { FakeSegment } from './fake-frame.js';
import type { DiskWrite, GuestInput } from './fake-guest.js';

/** What a test wants to see of a fake machine, and may plant in it. */
export interface FakeHooks {
  /** The host's clock, which permissions end by; left out: it stands at 0. */
  nowMs?(): number;
  /** An output left for the world: its number, counted from 1, and its content. */
  show(index: number, content: string): void;
  /** The host's entropy: a 32-bit number. */
  entropy(): number;
  announced?(): void;
  /** A whole segment was accepted by `feed`. */
  held?(segment: FakeSegment): void;
  /** The guest has a disk, shared with other hosts. */
  readonly disk?: FakeDiskHooks;
  /** Planted fault: drop this recorded input from the log. */
  dropInput?(input: GuestInput): boolean;
  /** Planted fault: what changes while the machine is copied is not copied again. */
  readonly forgetfulCopy?: boolean;
  /** Planted fault: a checkpoint is taken over before its last part is there. */
  readonly tornCheckpoints?: boolean;
  /** Planted fault: do not check frames' checksums. */
  readonly uncheckedFrames?: boolean;
}

export interface FakeDiskHooks {
  /** Nobody else writes from `done` on. */
  claim(done: () => void): void;
  /** `done` when it is on the disk. */
  write(write: DiskWrite, done: () => void): void;
  /** Planted fault: a replica that goes live forgets what was under way. */
  readonly forgetful?: boolean;
}
