import { InvalidArgumentError } from 'commander';

/** A guest's memory when nothing else is said. */
export const defaultMemoryBytes = 256 * 2 ** 20;

const unitBytes: Readonly<Record<string, number>> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

/** `64M`, `1G`, `524288K`: a size in bytes, whole pages. */
export function parseMemorySize(text: string): number {
  const match = /^(\d{1,9})([KMG])i?B?$/i.exec(text);
  const unit = unitBytes[(match?.[2] ?? '').toUpperCase()];
  const bytes = Number(match?.[1]) * (unit ?? NaN);
  if (!Number.isSafeInteger(bytes) || bytes === 0 || bytes % 4096 !== 0) {
    throw new InvalidArgumentError('Write a size as 256M or 1G.');
  }
  return bytes;
}

export function formatMemorySize(bytes: number): string {
  return bytes % 2 ** 30 === 0 ? `${bytes / 2 ** 30}G` : `${Math.round(bytes / 2 ** 20)}M`;
}
