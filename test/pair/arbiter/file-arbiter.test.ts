import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { systemRandom } from '../../../src/flow/world/system-random.js';
import { FileArbiter } from '../../../src/pair/arbiter/file-arbiter.js';
import { openArbiter } from '../../../src/pair/arbiter/open-arbiter.js';
import { describeArbiter, rejection } from './conformance.js';

const newDirectory = (): string => mkdtempSync(join(tmpdir(), 'vmft-arbiter-'));

describeArbiter('a file arbiter', false, async () => {
  const directory = newDirectory();
  const url = `file:${directory}`;
  return {
    url,
    open: () => openArbiter(url, systemRandom),
    spoil: async () => {
      for (const kind of ['formed', 'taken']) {
        writeFileSync(join(directory, `m.1.${kind}`), 'not a flag');
      }
    },
    remove: async () => {
      rmSync(directory, { recursive: true });
    },
  };
});

describe('the file arbiter', () => {
  let directory = '';
  const request = { machineId: 'm', generation: 1n, replicaId: 'a' };
  beforeEach(() => {
    directory = newDirectory();
  });
  afterEach(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  it('leaves nothing but flags', async () => {
    const arbiter = new FileArbiter(directory, 'one');
    await arbiter.form(request);
    await arbiter.testAndSet(request);
    await new FileArbiter(directory, 'two').testAndSet({ ...request, replicaId: 'b' });
    assert.deepEqual(readdirSync(directory).sort(), ['m.1.formed', 'm.1.taken']);
  });

  it('names what is wrong with the storage', async () => {
    const gone = new FileArbiter(join(directory, 'gone'), 'x');
    assert.equal(await rejection(gone.testAndSet(request)), 'arbiter-unreachable');
    const missing = openArbiter(`file:${directory}/a/b`, systemRandom);
    assert.equal(await rejection(missing), 'arbiter-unusable');
  });
});

describe('the URL of an arbiter', () => {
  for (const url of ['file:relative', 'file:', 'nfs://x/y', '', 'etcd:', 'etcd://', 'iscsi://x']) {
    it(`cannot be "${url}"`, async () => {
      assert.equal(await rejection(openArbiter(url, systemRandom)), 'usage');
    });
  }
});
