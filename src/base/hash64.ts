const mask = (1n << 64n) - 1n;

/** Multiplies to 128 bits and folds the halves, as `Hash64::fold` does. */
function fold(a: bigint, b: bigint): bigint {
  const product = a * b;
  const rotated = ((b << 1n) | (b >> 63n)) & mask;
  return (product & mask) ^ (product >> 64n) ^ ((a + rotated) & mask);
}

/**
 * `hash64` of native/base/hash64.h for the few bytes that TypeScript itself writes (a log file's header and
 * trailer); frames are hashed natively. A border test compares the two. It finds accidents, not forgery.
 */
export function hash64(bytes: Uint8Array): bigint {
  const view = Buffer.alloc(Math.ceil(bytes.length / 16) * 16);
  view.set(bytes);
  const length = BigInt(bytes.length);
  let state = fold(
    0x9e3779b97f4a7c15n ^ length,
    0xe7037ed1a0b428dbn ^ (((length << 32n) | (length >> 32n)) & mask),
  );
  for (let at = 0; at < view.length; at += 16) {
    const first = view.readBigUInt64LE(at);
    const second = view.readBigUInt64LE(at + 8);
    const mixed = state ^ first ^ 0xa0761d6478bd642fn;
    state = (fold(mixed, second ^ 0xe7037ed1a0b428dbn) + 0x8ebc6af09c88c6e3n) & mask;
  }
  return fold(state ^ 0x589965cc75374cc3n, 0x1d8e4e27c47d124fn);
}
