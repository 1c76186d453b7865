import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
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

void describe('native tests', () => {
  for (const [file, names] of testsByFile()) {
    const title = `${file.replace(/^.*test\/native\//, '')} (${names.length})`;
    void test(title, (context) => {
      const { status, signal, stdout, stderr } = spawnSync(executable, [`${file}: `], {
        encoding: 'utf8',
      });
      assert.equal(status, 0, `ended with ${signal ?? `status ${status}`}:\n${stdout}${stderr}`);
      context.diagnostic(stdout.trimEnd().split('\n').at(-1) ?? '');
    });
  }
});
