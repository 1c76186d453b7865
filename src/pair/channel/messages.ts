/**
 * The messages of the logging channel as the protocol sees them; proto/channel.proto says what each is
 * for. wire.ts turns them into bytes and back, validating every field.
 */

import type { Replication } from '../../flow/machine/machine.js';

export interface Hello {
  readonly kind: 'hello';
  readonly protocolVersion: number;
  readonly build: string;
  readonly accelerator: string;
  readonly replicaId: string;
  /** Guest memory this host is willing to give; 0 = no limit of its own. */
  readonly memoryBytesMax: bigint;
  /** Positions are exact on this host: it can execute a log. */
  readonly replays: boolean;
  /** The backup does not go live earlier than so long after anything that came from the primary. */
  readonly liveAfterMs: number;
}

export interface StateReady {
  readonly kind: 'state-ready';
  readonly generation: bigint;
}

export interface Ack {
  readonly kind: 'ack';
  readonly generation: bigint;
  readonly sequence: bigint;
}

export interface Progress {
  readonly kind: 'progress';
  readonly generation: bigint;
  readonly executedTicks: bigint;
  readonly executedVirtualNs: bigint;
  readonly digestsChecked: bigint;
  /** Of the reads that the log left to the backup. */
  readonly diskReadsDone: bigint;
}

export interface Divergence {
  readonly kind: 'divergence';
  readonly generation: bigint;
  readonly ticks: bigint;
  readonly what: string;
}

/** The backup's host cannot be the machine that Welcome describes, or cannot be it any more. */
export interface Declined {
  readonly kind: 'declined';
  readonly reason: string;
}

export interface Prepared {
  readonly kind: 'prepared';
  readonly generation: bigint;
}

export interface CopyProgress {
  readonly kind: 'copy-progress';
  readonly generation: bigint;
  /** DiskChunks, MemoryChunks and FlushDisks that are taken in. */
  readonly chunks: bigint;
}

export interface TakenOver {
  readonly kind: 'taken-over';
  readonly generation: bigint;
}

export type FromBackup =
  Hello | Prepared | CopyProgress | StateReady | Ack | Progress | Divergence | Declined | TakenOver;

export interface Welcome {
  readonly kind: 'welcome';
  readonly generation: bigint;
  readonly machineId: string;
  /** The primary's. */
  readonly replicaId: string;
  /** Encoded vmft.log.GuestConfig. */
  readonly machineConfig: Buffer;
  readonly heartbeatPort: number;
  readonly arbiterUrl: string;
  /** What LogFrame holds. */
  readonly replication: Replication;
}

export interface Refused {
  readonly kind: 'refused';
  readonly reason: string;
}

/** Of a private disk: either `data`, or that many zeroes. */
export interface DiskChunk {
  readonly kind: 'disk-chunk';
  readonly disk: number;
  readonly offset: bigint;
  readonly data: Buffer;
  readonly zeroBytes: number;
}

export interface MemoryChunk {
  readonly kind: 'memory-chunk';
  /** Encoded vmft.image.Pages. */
  readonly pages: Buffer;
}

export interface FlushDisks {
  readonly kind: 'flush-disks';
}

export interface State {
  readonly kind: 'state';
  readonly generation: bigint;
  /** MemoryChunks that were sent before it. */
  readonly memoryChunks: bigint;
  /** The next piece of an encoded vmft.image.State. */
  readonly state: Buffer;
  readonly more: boolean;
}

export interface LogFrame {
  readonly kind: 'log-frame';
  readonly generation: bigint;
  readonly sequence: bigint;
  readonly frame: Buffer;
}

export interface HandOver {
  readonly kind: 'hand-over';
  readonly generation: bigint;
}

export type FromPrimary =
  Welcome | Refused | DiskChunk | MemoryChunk | FlushDisks | State | LogFrame | HandOver;

/** What a heartbeat datagram carries; see heartbeat-datagram.ts. */
export interface Heartbeat {
  readonly machineId: string;
  readonly generation: bigint;
  /** Grows with each datagram of a sender: a repeated or overtaken one is no sign of life. */
  readonly counter: bigint;
  /** The newest counter of the receiver's that the sender has heard in this generation; 0: none. */
  readonly echo: bigint;
}
