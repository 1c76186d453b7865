import { InvalidArgumentError } from 'commander';

/** Of moments that are chosen at random. */
export function parseSeed(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value >= 2 ** 32) {
    throw new InvalidArgumentError('A number from 0 to 4294967295.');
  }
  return value;
}
