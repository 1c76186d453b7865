import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

it('the generated protobuf code is that of proto/*.proto', () => {
  const out = mkdtempSync(join(tmpdir(), 'vmft-generated-'));
  try {
    const script = join(root, 'scripts/generate-proto.mjs');
    execFileSync(process.execPath, [script, '--out', out], {
      stdio: ['ignore', 'ignore', 'ignore'],
    });
    for (const name of [
      'src/pair/channel/generated/channel-messages.ts',
      'src/pair/channel/generated/channel-types.d.ts',
      'src/pair/arbiter/generated/etcd-messages.ts',
      'src/pair/arbiter/generated/etcd-types.d.ts',
      'src/host/generated/host-messages.ts',
      'src/host/generated/host-types.d.ts',
      'src/flow/log/generated/log-messages.ts',
      'src/flow/log/generated/log-types.d.ts',
      'src/host/replica/generated/replica-messages.ts',
      'src/host/replica/generated/replica-types.d.ts',
      'src/flow/snapshot/generated/snapshot-messages.ts',
      'src/flow/snapshot/generated/snapshot-types.d.ts',
    ]) {
      const fresh = readFileSync(join(out, name), 'utf8');
      const message = `${name} is stale: run node scripts/generate-proto.mjs`;
      assert.equal(readFileSync(join(root, name), 'utf8') === fresh, true, message);
    }
  } finally {
    rmSync(out, { recursive: true });
  }
});
