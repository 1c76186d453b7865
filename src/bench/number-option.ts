import { InvalidArgumentError } from 'commander';

/** Of an option: a whole number from 1 to `max`. */
export function parseNumber(max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < 1 || value > max)
      throw new InvalidArgumentError(`a number from 1 to ${max}`);
    return value;
  };
}
