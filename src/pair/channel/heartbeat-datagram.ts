import { limits } from '../../base/limits.js';
import type { Heartbeat } from './messages.js';

/**
 * A heartbeat as a datagram, little-endian: magic "vmftbeat" (8 bytes), version (1), generation (8),
 * counter (8), echo (8), length of the machine id (1), machine id (ASCII). The id is long and random, so a
 * datagram cannot be guessed from outside; forging one can delay a suspicion, or a late primary's falling silent, never cause a second live replica.
 */
const magic = Buffer.from('vmftbeat', 'ascii');
const version = 2;
const headerBytes = 34;
/** Where counter and echo are: the heartbeats of a generation, both ways, differ there only. */
export const counterAt = 17;
export const echoAt = 25;

export function encodeHeartbeat(heartbeat: Heartbeat): Buffer {
  const id = Buffer.from(heartbeat.machineId, 'ascii');
  const out = Buffer.alloc(headerBytes + id.length);
  magic.copy(out, 0);
  out.writeUInt8(version, 8);
  out.writeBigUInt64LE(heartbeat.generation, 9);
  out.writeBigUInt64LE(heartbeat.counter, counterAt);
  out.writeBigUInt64LE(heartbeat.echo, echoAt);
  out.writeUInt8(id.length, 33);
  id.copy(out, headerBytes);
  return out;
}

/** Total: null for anything that is not a heartbeat of this version. */
export function decodeHeartbeat(bytes: Buffer): Heartbeat | null {
  if (bytes.length < headerBytes || bytes.length > limits.heartbeatDatagramBytesMax) return null;
  if (!bytes.subarray(0, 8).equals(magic) || bytes.readUInt8(8) !== version) return null;
  if (bytes.readUInt8(33) !== bytes.length - headerBytes) return null;
  return {
    generation: bytes.readBigUInt64LE(9),
    counter: bytes.readBigUInt64LE(counterAt),
    echo: bytes.readBigUInt64LE(echoAt),
    machineId: bytes.toString('latin1', headerBytes),
  };
}
