import { MachineError } from '../../../src/base/errors.js';
import { checksumOf } from './fake-frame.js';
import type { GuestInput, GuestState } from './fake-guest.js';

/** An output that has not left. */
export interface FakeOutput {
  readonly index: number;
  readonly content: string;
}

/** What the fake machine's image holds besides its memory. */
export interface FakeState {
  readonly state: GuestState;
  readonly outputs: readonly FakeOutput[];
  readonly released: number;
}

/**
 * The fake machine's memory is its history, in pages of a few inputs each: a page that a copy leaves out is a part of the
 * history that the restored machine does not have, which checkers see.
 */
export class FakeMemory {
  readonly history: GuestInput[] = [];
  /** Null: nothing is being copied. */
  private left: Set<number> | null = null;
  private changed = new Set<number>();

  get copying(): boolean {
    return this.left !== null;
  }

  push(input: GuestInput): void {
    if (this.left !== null) this.changed.add(pageOf(this.history.length));
    this.history.push(input);
  }

  copyBegin(): void {
    this.changed = new Set();
    this.left = new Set();
    for (let page = 0; page * inputsPerPage < this.history.length; page += 1) this.left.add(page);
  }

  copyEnd(): void {
    this.left = null;
  }

  /** Encoded, or null when none is left. */
  copyRead(pagesMax: number): { readonly data: Buffer; readonly memoryBytes: number } | null {
    const pages: [number, readonly GuestInput[]][] = [];
    for (const page of [...this.copied()].slice(0, pagesMax)) {
      this.copied().delete(page);
      pages.push([page, this.history.slice(page * inputsPerPage, (page + 1) * inputsPerPage)]);
    }
    if (pages.length === 0) return null;
    return { data: sealed(pages), memoryBytes: pages.length * pageBytes };
  }

  /** Bytes that are left. */
  copyChanges(): number {
    for (const page of this.changed) this.copied().add(page);
    this.changed.clear();
    return this.copied().size * pageBytes;
  }

  /** Throws `image-corrupt`. */
  restore(data: Buffer): void {
    for (const [page, inputs] of unsealed(data) as [number, GuestInput[]][]) {
      this.history.splice(page * inputsPerPage, inputs.length, ...inputs);
    }
  }

  private copied(): Set<number> {
    if (this.left === null) throw new MachineError('wrong-mode', 'nothing is being copied');
    return this.left;
  }
}

/** With a checksum. */
export function sealed(value: unknown): Buffer {
  const bytes = Buffer.from(`    ${JSON.stringify(value)}`, 'latin1');
  bytes.writeUInt32LE(checksumOf(bytes, 4), 0);
  return bytes;
}

/** Throws `image-corrupt`. */
export function unsealed(bytes: Buffer): unknown {
  if (bytes.length < 5 || bytes.readUInt32LE(0) !== checksumOf(bytes, 4)) {
    throw new MachineError('image-corrupt', 'a piece of the image does not have its checksum');
  }
  return JSON.parse(bytes.toString('latin1', 4));
}

function pageOf(at: number): number {
  return Math.floor(at / inputsPerPage);
}

const inputsPerPage = 8;
const pageBytes = 4096;
