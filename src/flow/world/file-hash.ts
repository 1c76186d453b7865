import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/**
 * Names a file's content in a log header: the first 8 bytes of its SHA-256, as a little-endian number.
 * 0 for null. Rejects with the file system's error.
 */
export async function hashFile(path: string | null): Promise<bigint> {
  if (path === null) return 0n;
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest().readBigUInt64LE(0);
}
