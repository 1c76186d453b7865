/**
 * Messages to bytes and back. Decoding is total: any bytes give a message whose every field is within
 * its limits, or a {@link VmftError} that names what is wrong.
 */
import { VmftError } from '../../base/errors.js';
import { limits } from '../../base/limits.js';
import { bigintOfLong, longOfBigint } from '../../base/uint64.js';
import { vmft } from './generated/channel-messages.js';
import { encodeLogFrame } from './log-frame.js';
import type { Replication } from '../../flow/machine/machine.js';
import type { DiskChunk, FromBackup, FromPrimary, Welcome } from './messages.js';

const wire = vmft.channel;

export function encodeFromBackup(message: FromBackup): Buffer {
  return asBuffer(wire.FromBackup.encode(fromBackupFields(message)).finish());
}

function fromBackupFields(message: FromBackup): Parameters<typeof wire.FromBackup.encode>[0] {
  switch (message.kind) {
    case 'hello':
      return { hello: { ...message, memoryBytesMax: longOfBigint(message.memoryBytesMax) } };
    case 'state-ready':
      return { stateReady: { generation: longOfBigint(message.generation) } };
    case 'ack':
      return {
        ack: {
          generation: longOfBigint(message.generation),
          sequence: longOfBigint(message.sequence),
        },
      };
    case 'progress':
      return {
        progress: {
          generation: longOfBigint(message.generation),
          executedTicks: longOfBigint(message.executedTicks),
          executedVirtualNs: longOfBigint(message.executedVirtualNs),
          digestsChecked: longOfBigint(message.digestsChecked),
          diskReadsDone: longOfBigint(message.diskReadsDone),
        },
      };
    case 'divergence':
      return {
        divergence: {
          generation: longOfBigint(message.generation),
          ticks: longOfBigint(message.ticks),
          what: clip(message.what),
        },
      };
    case 'taken-over':
      return { takenOver: { generation: longOfBigint(message.generation) } };
    case 'declined':
      return { declined: { reason: clip(message.reason) } };
    case 'prepared':
      return { prepared: { generation: longOfBigint(message.generation) } };
    case 'copy-progress':
      return {
        copyProgress: {
          generation: longOfBigint(message.generation),
          chunks: longOfBigint(message.chunks),
        },
      };
  }
}

export function encodeFromPrimary(message: FromPrimary): Buffer {
  if (message.kind === 'log-frame') return encodeLogFrame(message);
  return asBuffer(wire.FromPrimary.encode(fromPrimaryFields(message)).finish());
}

function fromPrimaryFields(
  message: Exclude<FromPrimary, { kind: 'log-frame' }>,
): Parameters<typeof wire.FromPrimary.encode>[0] {
  switch (message.kind) {
    case 'welcome':
      return {
        welcome: {
          ...message,
          generation: longOfBigint(message.generation),
          replication: replications.indexOf(message.replication),
        },
      };
    case 'refused':
      return { refused: { reason: clip(message.reason) } };
    case 'disk-chunk':
      return {
        diskChunk: {
          disk: message.disk,
          offset: longOfBigint(message.offset),
          data: message.data,
          zeroBytes: longOfBigint(BigInt(message.zeroBytes)),
        },
      };
    case 'memory-chunk':
      return { memoryChunk: { pages: message.pages } };
    case 'flush-disks':
      return { flushDisks: {} };
    case 'state':
      return {
        state: {
          generation: longOfBigint(message.generation),
          memoryChunks: longOfBigint(message.memoryChunks),
          state: message.state,
          more: message.more,
        },
      };
    case 'hand-over':
      return { handOver: { generation: longOfBigint(message.generation) } };
  }
}

/** Throws {@link VmftError}. */
export function decodeFromBackup(bytes: Buffer): FromBackup {
  const message = parse(bytes, (raw) => wire.FromBackup.decode(raw));
  if (message.hello) {
    const { protocolVersion, build, accelerator, replicaId, memoryBytesMax } = message.hello;
    const { replays, liveAfterMs } = message.hello;
    return {
      kind: 'hello',
      protocolVersion: protocolVersion ?? 0,
      build: text('build', build),
      accelerator: text('accelerator', accelerator),
      replicaId: name('replica id', replicaId),
      memoryBytesMax: long(memoryBytesMax),
      replays: replays ?? false,
      liveAfterMs: liveAfterMs ?? 0,
    };
  }
  if (message.stateReady)
    return { kind: 'state-ready', generation: long(message.stateReady.generation) };
  if (message.ack) {
    const { generation, sequence } = message.ack;
    return { kind: 'ack', generation: long(generation), sequence: long(sequence) };
  }
  if (message.progress) {
    const { progress } = message;
    return {
      kind: 'progress',
      generation: long(progress.generation),
      executedTicks: long(progress.executedTicks),
      executedVirtualNs: long(progress.executedVirtualNs),
      digestsChecked: long(progress.digestsChecked),
      diskReadsDone: long(progress.diskReadsDone),
    };
  }
  if (message.divergence) {
    const { generation, ticks, what } = message.divergence;
    return {
      kind: 'divergence',
      generation: long(generation),
      ticks: long(ticks),
      what: text('reason', what),
    };
  }
  if (message.prepared) return { kind: 'prepared', generation: long(message.prepared.generation) };
  if (message.copyProgress) {
    const { generation, chunks } = message.copyProgress;
    return { kind: 'copy-progress', generation: long(generation), chunks: long(chunks) };
  }
  if (message.takenOver) {
    return { kind: 'taken-over', generation: long(message.takenOver.generation) };
  }
  if (message.declined)
    return { kind: 'declined', reason: text('reason', message.declined.reason) };
  throw malformed('a message of the backup holds nothing this version knows');
}

/** Throws {@link VmftError}. */
export function decodeFromPrimary(bytes: Buffer): FromPrimary {
  const message = parse(bytes, (raw) => wire.FromPrimary.decode(raw));
  if (message.logFrame) {
    const { generation, sequence } = message.logFrame;
    const frame = data('log frame', message.logFrame.frame, limits.logFrameBytesMax);
    return { kind: 'log-frame', generation: long(generation), sequence: long(sequence), frame };
  }
  if (message.memoryChunk) {
    const { pages } = message.memoryChunk;
    return {
      kind: 'memory-chunk',
      pages: data('piece of memory', pages, limits.memoryChunkBytesMax),
    };
  }
  if (message.diskChunk) return diskChunk(message.diskChunk);
  if (message.flushDisks) return { kind: 'flush-disks' };
  if (message.state) {
    const { generation, memoryChunks, state, more } = message.state;
    return {
      kind: 'state',
      generation: long(generation),
      memoryChunks: long(memoryChunks),
      state: data('machine’s state', state, limits.machineStatePieceBytesMax),
      more: more ?? false,
    };
  }
  if (message.handOver) return { kind: 'hand-over', generation: long(message.handOver.generation) };
  if (message.welcome) return welcome(message.welcome);
  if (message.refused) return { kind: 'refused', reason: text('reason', message.refused.reason) };
  throw malformed('a message of the primary holds nothing this version knows');
}

const replications: readonly Replication[] = ['replay', 'checkpoint'];

function welcome(fields: Parameters<typeof wire.Welcome.encode>[0]): Welcome {
  const { generation, machineId, replicaId, machineConfig, heartbeatPort, arbiterUrl } = fields;
  const port = heartbeatPort ?? 0;
  if (port < 1 || port > 65535) throw malformed(`a welcome names UDP port ${port}`);
  const replication = replications[fields.replication ?? 0];
  if (replication === undefined) throw malformed('a welcome names no replication this version has');
  return {
    kind: 'welcome',
    generation: long(generation),
    machineId: name('machine id', machineId),
    replicaId: name('replica id', replicaId),
    machineConfig: data('machine configuration', machineConfig, limits.machineConfigBytesMax),
    heartbeatPort: port,
    arbiterUrl: text('arbiter', arbiterUrl),
    replication,
  };
}

/** Whether it lies within the disk, and on whole blocks, is for the backup to see. */
function diskChunk(fields: Parameters<typeof wire.DiskChunk.encode>[0]): DiskChunk {
  const zeroBytes = long(fields.zeroBytes);
  if (zeroBytes > BigInt(limits.diskZeroRunBytesMax)) {
    throw tooLarge('run of zeroes', Number(zeroBytes), limits.diskZeroRunBytesMax);
  }
  const empty = zeroBytes > 0n && (fields.data ?? noBytes).length === 0;
  if (zeroBytes > 0n && !empty) throw malformed('a piece of disk is both data and zeroes');
  return {
    kind: 'disk-chunk',
    disk: fields.disk ?? 0,
    offset: long(fields.offset),
    data: empty ? asBuffer(noBytes) : data('piece of disk', fields.data, limits.diskChunkBytesMax),
    zeroBytes: Number(zeroBytes),
  };
}

const noBytes = new Uint8Array();

function parse<T>(bytes: Buffer, decode: (bytes: Buffer) => T): T {
  if (bytes.length > limits.messageBytesMax)
    throw tooLarge('message', bytes.length, limits.messageBytesMax);
  try {
    return decode(bytes);
  } catch (error) {
    throw malformed(
      `a message cannot be parsed (${error instanceof Error ? error.message : String(error)})`,
    );
  }
}

type MaybeLong = Parameters<typeof bigintOfLong>[0] | number | null | undefined;

function long(value: MaybeLong): bigint {
  if (value === null || value === undefined) return 0n;
  return typeof value === 'number' ? BigInt(value) : bigintOfLong(value);
}

function text(what: string, value: string | null | undefined): string {
  const found = value ?? '';
  if (found.length > limits.textBytesMax) throw tooLarge(what, found.length, limits.textBytesMax);
  return found;
}

function name(what: string, value: string | null | undefined): string {
  const found = value ?? '';
  if (!/^[A-Za-z0-9_-]{1,128}$/.test(found)) throw malformed(`a message holds no usable ${what}`);
  return found;
}

function data(what: string, value: Uint8Array | null | undefined, bytesMax: number): Buffer {
  const found = asBuffer(value ?? new Uint8Array());
  if (found.length === 0) throw malformed(`a message holds an empty ${what}`);
  if (found.length > bytesMax) throw tooLarge(what, found.length, bytesMax);
  return found;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

function clip(value: string): string {
  return value.slice(0, limits.textBytesMax / 4);
}

function malformed(message: string): VmftError {
  return new VmftError('message-malformed', message, 'check that both hosts run the same vmft');
}

function tooLarge(what: string, bytes: number, bytesMax: number): VmftError {
  return new VmftError(
    'message-too-large',
    `a ${what} of ${bytes} bytes; at most ${bytesMax} are allowed`,
  );
}
