/** Randomness as a parameter; the host's is in src/flow/world/system-random.ts. */
export interface Random {
  /** A name that no other process has: 32 hexadecimal digits. */
  uniqueName(): string;
  /** `count` bytes that cannot be guessed. */
  bytes(count: number): Buffer;
}
