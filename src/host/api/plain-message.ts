import type Long from 'long';
import type { Writer } from 'protobufjs';

import { bigintOfLong, longOfBigint } from '../../base/uint64.js';

/**
 * A protobuf message as plain fields, all of them there: 64-bit numbers are numbers (of the control API none comes near
 * 2^53), a message that was left out is null, anything else that was left out is its empty value.
 */
export type Plain<T> = {
  -readonly [K in Exclude<keyof T, '$unknowns'>]-?: PlainField<NonNullable<T[K]>>;
};

type PlainField<F> = F extends readonly (infer U)[] ? PlainItem<U>[] : PlainScalar<F>;

type PlainScalar<F> = F extends Long
  ? number
  : F extends string | number | boolean | Uint8Array
    ? F
    : string extends keyof F
      ? F
      : Plain<F> | null;

type PlainItem<F> = F extends string | number ? F : Plain<F>;

/** A message as scripts/generate-proto.mjs makes it. */
export interface MessageType<Fields> {
  encode(fields: Fields): Writer;
  decode(bytes: Uint8Array): object;
}

/** Throws protobufjs' error for what is no such message. */
export function decodePlain<Fields>(type: MessageType<Fields>, bytes: Uint8Array): Plain<Fields> {
  return plainFields(type.decode(bytes)) as Plain<Fields>;
}

export function encodePlain<Fields>(type: MessageType<Fields>, fields: Plain<Fields>): Buffer {
  const bytes = type.encode(wireValue(fields) as Fields).finish();
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Fields that were left out are on the message's prototype. */
function plainFields(message: object): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const key in message) {
    if (!key.startsWith('$')) fields[key] = plainValue((message as Record<string, unknown>)[key]);
  }
  return fields;
}

function plainValue(value: unknown): unknown {
  if (isLong(value)) return Number(bigintOfLong(value));
  if (Array.isArray(value)) return value.map(plainValue);
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (typeof value === 'object' && value !== null) return plainFields(value);
  return value;
}

/** Numbers that do not fit 32 bits become Long; protobufjs takes smaller ones for any field. */
function wireValue(value: unknown): unknown {
  if (typeof value === 'number' && Number.isInteger(value) && value > 0xffffffff) {
    return longOfBigint(BigInt(value));
  }
  if (Array.isArray(value)) return value.map(wireValue);
  if (value instanceof Uint8Array || typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, wireValue(field)]));
}

function isLong(value: unknown): value is Long {
  return (value as { __isLong__?: boolean } | null | undefined)?.__isLong__ === true;
}
