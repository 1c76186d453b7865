import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, test } from 'node:test';

/** The plain C++ tests, one test here per file of them, so that a failure names its file. */
const executable = fileURLToPath(
  new URL('../../../build/Release/vmft_native_test', import.meta.url),
);

function testsByFile(): Map<string, string[]> {
  const files = new Map<string, string[]>();
  for (const line of execFileSync(executable, ['--list'], { encoding: 'utf8' }).split('\n')) {
    const [file, name] = line.split(': ');
    if (file === undefined || name === undefined) continue;
    files.set(file, [...(files.get(file) ?? []), name]);
  }
  return files;
}

/** Guest files for the tests that run one; without them those say that they are skipped. */
const images = fileURLToPath(new URL('../../../.cache/images', import.meta.url));
const guests = {
  VMFT_KERNEL: `${images}/vmlinuz`,
  VMFT_INITRAMFS: `${images}/initramfs.gz`,
  VMFT_GUESTS: `${images}/guests`,
};
const environment = {
  ...process.env,
  ...Object.fromEntries(Object.entries(guests).filter(([, path]) => existsSync(path))),
};

void describe('native tests', () => {
  for (const [file, names] of testsByFile()) {
    const title = `${file.replace(/^.*test\/native\//, '')} (${names.length})`;
    void test(title, async (context) => {
      const { status, signal, stdout, stderr } = spawnSync(executable, [`${file}: `], {
        encoding: 'utf8',
        env: environment,
      });
      assert.equal(status, 0, `ended with ${signal ?? `status ${status}`}:\n${stdout}${stderr}`);
      context.diagnostic(stdout.trimEnd().split('\n').at(-1) ?? '');
      // What needs another host is counted as skipped, with its reason.
      for (const [, name, reason] of stdout.matchAll(/^skipped: (\w+): (.*)$/gm))
        await context.test(name, { skip: reason ?? true });
    });
  }
});
