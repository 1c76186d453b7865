/**
 * The messages of the logging channel as the protocol sees them; proto/channel.proto says what each is
 * for. wire.ts turns them into bytes and back, validating every field.
 */

export interface Hello {
  readonly kind: 'hello';
  readonly protocolVersion: number;
  readonly build: string;
  readonly accelerator: string;
  readonly replicaId: string;
  /** Guest memory this host is willing to give; 0 = no limit of its own. */
  readonly memoryBytesMax: bigint;
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
  /** DiskChunks that are on the backup's disks. */
  readonly chunks: bigint;
}

export type FromBackup =
  Hello | Prepared | CopyProgress | StateReady | Ack | Progress | Divergence | Declined;

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

export interface StateBegin {
  readonly kind: 'state-begin';
  readonly generation: bigint;
  readonly bytes: bigint;
}

export interface StateChunk {
  readonly kind: 'state-chunk';
  readonly offset: bigint;
  readonly data: Buffer;
}

export interface StateEnd {
  readonly kind: 'state-end';
  readonly bytes: bigint;
  readonly checksum: bigint;
}

export interface LogFrame {
  readonly kind: 'log-frame';
  readonly generation: bigint;
  readonly sequence: bigint;
  readonly frame: Buffer;
}

export type FromPrimary =
  Welcome | Refused | DiskChunk | StateBegin | StateChunk | StateEnd | LogFrame;

/** What a heartbeat datagram carries; see heartbeat-datagram.ts. */
export interface Heartbeat {
  readonly machineId: string;
  readonly generation: bigint;
  /** Grows with each datagram of a sender: a repeated or overtaken one is no sign of life. */
  readonly counter: bigint;
  /** The newest counter of the receiver's that the sender has heard in this generation; 0: none. */
  readonly echo: bigint;
}
