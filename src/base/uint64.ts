import type Long from 'long';

/** protobufjs speaks Long; the rest of this project speaks bigint. */

export function bigintOfLong(value: Long): bigint {
  return (BigInt(value.high >>> 0) << 32n) | BigInt(value.low >>> 0);
}

/** `value` in 0 … 2^64 − 1. The encoder only looks at `low` and `high`. */
export function longOfBigint(value: bigint): Long {
  const low = Number(value & 0xffffffffn) | 0;
  const high = Number((value >> 32n) & 0xffffffffn) | 0;
  return { low, high, unsigned: true } as unknown as Long;
}
