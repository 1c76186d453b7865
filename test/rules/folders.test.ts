import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, test } from 'node:test';

/**
 * The rules of the design that a machine can check: which native folders may touch the host (the
 * same for src/ is a lint), and the size and names of files.
 */
const root = fileURLToPath(new URL('../../..', import.meta.url));

const linesMax = 600;
const wordsForbidden = /(^|[-_.])(util|utils|misc|common|helper|helpers|manager)([-_.]|$)/;

function filesBelow(folder: string, pattern: RegExp): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => join(folder, path))
    .filter((path) => pattern.test(path))
    .sort();
}

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** Code without comments and strings, so that prose may name what code may not. */
function codeOf(path: string): string {
  return read(path)
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/\/\/.*$/gm, '')
    .replace(/"(\\.|[^"\\\n])*"/g, (text, _last, offset: number, whole: string) =>
      /#include\s*$/.test(whole.slice(0, offset)) ? text : '""',
    );
}

/** Headers and calls by which the world gets in. */
const hostHeaders =
  /#include\s*<(fcntl\.h|fstream|filesystem|sys\/(socket|ioctl|stat|time|random|uio)\.h|netinet\/.*|net\/.*|random|ctime|time\.h)>/;
const hostCalls =
  /(?<![\w.>:])(?:::|std::)?(clock_gettime|gettimeofday|time|fopen|open|openat|socket|getrandom|rand|random|rdtsc|__rdtsc|_rdtsc)\s*\(/;
const hostClasses = /\b(random_device|system_clock|steady_clock|high_resolution_clock)\b/;

void describe('folders', () => {
  void test('native code outside world/ and accel/kvm/ sees no file, socket, clock or randomness', () => {
    const faults = filesBelow('native', /\.(h|cpp)$/)
      .filter((path) => !path.startsWith('native/world/') && !path.startsWith('native/accel/kvm/'))
      .flatMap((path) => {
        const code = codeOf(path);
        return [hostHeaders, hostCalls, hostClasses]
          .map((pattern) => pattern.exec(code)?.[0])
          .filter((found) => found !== undefined)
          .map((found) => `${path}: ${found}`);
      });
    assert.deepEqual(faults, []);
  });

  void test('only the addon knows Node', () => {
    const faults = filesBelow('native', /\.(h|cpp)$/)
      .filter((path) => !path.startsWith('native/addon/'))
      .filter((path) => /#include\s*[<"](napi|node_api|uv|v8|node)\.h/.test(codeOf(path)));
    assert.deepEqual(faults, []);
  });

  void test('the machine never includes the world', () => {
    const inner = ['machine', 'accel', 'device', 'disk', 'input', 'output', 'log', 'base'];
    const faults = inner
      .flatMap((folder) => filesBelow(`native/${folder}`, /\.(h|cpp)$/))
      .filter((path) => /#include\s*"(\.\.\/)*(world|addon)\//.test(codeOf(path)));
    assert.deepEqual(faults, []);
  });
});

void describe('files', () => {
  const sources = ['native', 'src', 'test', 'scripts', 'images']
    .flatMap((folder) => filesBelow(folder, /\.(h|cpp|S|ts|mjs)$/))
    .filter((path) => !path.includes('/generated/'));

  void test(`none is longer than ${linesMax} lines`, () => {
    const long = sources.filter((path) => read(path).split('\n').length - 1 > linesMax);
    assert.deepEqual(long, []);
  });

  void test('names say what is inside', () => {
    assert.deepEqual(
      sources.filter((path) => wordsForbidden.test(basename(path))),
      [],
    );
  });

  void test('native files are snake_case, TypeScript files kebab-case', () => {
    const wrong = sources.filter((path) => {
      const name = basename(path);
      if (/\.(h|cpp)$/.test(name)) return !/^[a-z0-9_]+\.(h|cpp)$/.test(name);
      return /\.(ts|mjs)$/.test(name) && !/^[a-z0-9-]+(\.test|\.d)?\.(ts|mjs)$/.test(name);
    });
    assert.deepEqual(wrong, []);
  });
});
