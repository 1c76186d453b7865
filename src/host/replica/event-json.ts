import { VmftError } from '../../base/errors.js';

/** An event as one line: numbers beyond 2^53 are written as strings, errors as their code, line and advice. */
export function eventJson(event: object): string {
  return JSON.stringify(event, plainValue);
}

function plainValue(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value.toString();
  }
  if (value instanceof VmftError) {
    return { code: value.code, message: value.message, whatToDo: value.whatToDo };
  }
  return value;
}
