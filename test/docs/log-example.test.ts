import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { delimited, encodeHeader, encodeTrailer } from '../../src/flow/log/log-format.js';
import { noHashes } from '../../src/flow/log/guest-config.js';
import { exampleGuest } from '../flow/log/example-guest.js';
import { document, root } from './documents.js';

describe('docs/log.md', () => {
  test('reads a log with the program that it shows', () => {
    const program = document('docs/log.md').codeBlocks.find(({ language }) => language === 'js');
    assert.ok(program !== undefined);
    const frame = readFileSync(join(root, 'test/golden/log/frame-v1.hex'), 'utf8').trim();
    const start = { accelerator: 'soft', build: 'x', guest: exampleGuest, hashes: noHashes };
    const log = [
      encodeHeader(start),
      Buffer.from(frame, 'hex'),
      encodeTrailer({ segments: 1n, endReason: 'power-off' }),
    ];
    const folder = mkdtempSync(join(tmpdir(), 'vmft-docs-'));
    try {
      symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
      writeFileSync(join(folder, 'read-log.mjs'), program.code);
      writeFileSync(join(folder, 'run.log'), Buffer.concat(log.map(delimited)));
      const script = [join(folder, 'read-log.mjs'), join(folder, 'run.log')];
      const output = execFileSync(process.execPath, script, { cwd: root, encoding: 'utf8' });
      const lines = output.trimEnd().split('\n');
      assert.equal(lines.length, 3);
      const [header = '', segment = '', trailer] = lines;
      assert.match(header, /"accelerator":"soft"/);
      assert.match(segment, /"records":\[\{"position"/);
      assert.match(trailer ?? '', /^\{"segments":"1","endReason":"power-off","checksum":"\d+"\}$/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
