/**
 * A block of a disk's reserved area: one line of JSON padded with zero bytes, so that a person can read it
 * with dd.
 */

/** null when it has no room. */
export function encodeJsonBlock(value: object, blockBytes: number): Buffer | null {
  const bytes = Buffer.from(`${JSON.stringify(value)}\n`);
  if (bytes.length > blockBytes) return null;
  return Buffer.concat([bytes, Buffer.alloc(blockBytes - bytes.length)]);
}

/** Total: undefined for what is not JSON padded with zero bytes. */
export function decodeJsonBlock(block: Buffer): unknown {
  const end = block.indexOf(0);
  const used = end === -1 ? block : block.subarray(0, end);
  if (!isEmptyBlock(block.subarray(used.length))) return undefined;
  try {
    return JSON.parse(used.toString('utf8'));
  } catch {
    return undefined;
  }
}

export function isEmptyBlock(block: Buffer): boolean {
  return block.every((byte) => byte === 0);
}

/** Lengths to which a host name is cut until its record has room. */
export const hostNameLengths: readonly number[] = [256, 64, 16, 0];
