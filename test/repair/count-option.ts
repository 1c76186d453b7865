import { InvalidArgumentError } from 'commander';

/** Of an option: a whole number from 1. */
export function count(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Write a number, from 1.');
  return Number(text);
}
