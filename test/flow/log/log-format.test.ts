import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { VmftError } from '../../../src/base/errors.js';
import { hash64 } from '../../../src/base/hash64.js';
import { decodeGuestConfig, encodeGuestConfig } from '../../../src/flow/log/guest-config.js';
import {
  decodeHeader,
  decodeItem,
  delimited,
  encodeHeader,
  encodeTrailer,
  logVersion,
  nextDelimited,
} from '../../../src/flow/log/log-format.js';
import { exampleCpu, exampleGuest } from './example-guest.js';

const header = {
  accelerator: 'soft',
  build: 'test',
  guest: exampleGuest,
  hashes: { kernel: 2n ** 64n - 1n, initramfs: 1n },
};

describe('the log format', () => {
  it('keeps a guest configuration', () => {
    const bytes = encodeGuestConfig(exampleGuest, header.hashes);
    assert.deepEqual(decodeGuestConfig(bytes), { config: exampleGuest, hashes: header.hashes });
    const bare = { ...exampleGuest, initramfsPath: null, mac: null };
    assert.deepEqual(decodeGuestConfig(encodeGuestConfig(bare))?.config, bare);
  });

  it('keeps the CPU of a guest on kvm, and nothing where there is none', () => {
    const guest = { ...exampleGuest, cpu: exampleCpu };
    const bytes = encodeGuestConfig(guest);
    assert.deepEqual(decodeGuestConfig(bytes)?.config, guest);
    const soft = encodeGuestConfig(exampleGuest);
    assert.ok(bytes.subarray(0, soft.length).equals(soft), 'the CPU comes behind the rest');
  });

  it('refuses a CPU that is none', () => {
    const [leaf] = exampleCpu.leaves;
    assert.ok(leaf !== undefined);
    const odd = [
      { ...exampleCpu, vendor: 'short' },
      { ...exampleCpu, leaves: [] },
      { ...exampleCpu, leaves: Array.from({ length: 257 }, () => leaf) },
    ];
    for (const cpu of odd) {
      assert.equal(decodeGuestConfig(encodeGuestConfig({ ...exampleGuest, cpu })), null);
    }
  });

  it('refuses configurations that are none', () => {
    assert.equal(decodeGuestConfig(Buffer.from('rubbish')), null);
    assert.equal(decodeGuestConfig(Buffer.alloc(0)), null);
    const odd = { ...exampleGuest, mac: Buffer.alloc(5) };
    assert.equal(decodeGuestConfig(encodeGuestConfig(odd)), null);
  });

  it('keeps a header and a trailer', () => {
    assert.deepEqual(decodeHeader(encodeHeader(header), 'x'), { version: logVersion, ...header });
    for (const segments of [0n, 5n, 2n ** 40n]) {
      const trailer = { segments, endReason: 'power-off' };
      assert.deepEqual(decodeItem(encodeTrailer(trailer), 'x'), { kind: 'trailer', trailer });
    }
  });

  it('notices every flipped bit of a header and a trailer', () => {
    const whole = [encodeHeader(header), encodeTrailer({ segments: 5n, endReason: 'power-off' })];
    for (const [index, bytes] of whole.entries()) {
      for (let bit = 0; bit < bytes.length * 8; bit += 1) {
        const flipped = Buffer.from(bytes);
        flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        // A trailer whose first byte says "frame" is passed on as one, for the machine to refuse.
        if (index === 1 && flipped[0] === 0x09) continue;
        const decode = index === 0 ? decodeHeader : decodeItem;
        assert.throws(() => decode(flipped, 'x'), VmftError, `bit ${bit}`);
      }
    }
  });

  it('reads version 1', () => {
    // As version 1 wrote it: the number alone differs, and the checksum over it.
    const bytes = encodeHeader(header);
    bytes[10] = 1;
    const end = bytes.length - 9;
    bytes.writeBigUInt64LE(hash64(bytes.subarray(0, end)), end + 1);
    assert.deepEqual(decodeHeader(bytes, 'x'), { version: 1, ...header });
  });

  it('names another version', () => {
    const bytes = encodeHeader(header);
    bytes[10] = 9;
    assert.throws(
      () => decodeHeader(bytes, 'x'),
      (error: unknown) => error instanceof VmftError && error.code === 'log-version',
    );
  });

  it('finds the bounds of delimited messages', () => {
    const message = Buffer.alloc(300, 1);
    const bytes = delimited(message);
    assert.deepEqual(nextDelimited(bytes, 300, 'x'), { start: 2, end: 302 });
    assert.equal(nextDelimited(bytes.subarray(0, 301), 300, 'x'), null);
    assert.throws(() => nextDelimited(bytes, 299, 'x'), VmftError);
    assert.throws(() => nextDelimited(Buffer.alloc(8, 0xff), 299, 'x'), VmftError);
  });
});
