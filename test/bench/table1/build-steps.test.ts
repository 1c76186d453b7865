import assert from 'node:assert/strict';
import { test } from 'node:test';

import { BuildSteps, compiledIn, filesPerSecond } from '../../../src/bench/table1/build-steps.js';
import { operationsIn } from '../../../src/bench/table1/managed.js';

/** As make shows them. */
const options = '-DPACKAGE_NAME=\\"\\" -DHAVE_GETOPT_LONG=1 -O0  ';

/** Of one build, the seconds that each file takes. */
const files = [
  ['pwgen.c', 3],
  ['sha1.c', 1],
  ['sha1num.c', 4],
] as const;

function lineOf(file: string): string {
  return `gcc -c ${options} ${file} -o ${file.replace('.c', '.o')}`;
}

/** The steps of builds on end from 0 on, as far as they have begun at `untilS`. */
function stepsUntil(untilS: number): BuildSteps {
  const steps = new BuildSteps();
  let atS = 0;
  for (;;) {
    for (const [file, durationS] of files) {
      if (atS > untilS) return steps;
      steps.take(lineOf(file), atS * 1000);
      atS += durationS;
    }
  }
}

test('make says which file it compiles, among other things', () => {
  assert.equal(compiledIn(lineOf('pwgen.c')), 'pwgen.c');
  assert.equal(compiledIn('gcc -O0 -c sha1.c'), 'sha1.c');
  assert.equal(compiledIn('gcc  -o pwgen pwgen.o sha1.o sha1num.o'), null);
  assert.equal(compiledIn('rm -f pwgen.o'), null);
  assert.equal(compiledIn("pwgen.c:12: warning: 'gcc -c x.c'"), null);
});

test('files are counted, other lines are not', () => {
  const steps = new BuildSteps();
  assert.equal(steps.take(lineOf('pwgen.c'), 0), 1);
  assert.equal(steps.take('rm -f pwgen', 1), null);
  assert.equal(steps.take(lineOf('sha1.c'), 2), 2);
});

test('a build is whole from any file to the same file of the next', () => {
  // From within the first build's first file: sha1.c begins at 3, 11, 19.
  const span = stepsUntil(12).wholeSince(100);
  assert.deepEqual(span, { files: 3, durationMs: 8_000 });
  assert.equal(filesPerSecond(span), 3 / 8);
});

test('whatever the moment and the file, the speed is that of whole builds', () => {
  const steps = stepsUntil(60);
  for (let fromMs = 0; fromMs <= 40_000; fromMs += 500) {
    assert.equal(filesPerSecond(steps.wholeSince(fromMs)), 3 / 8, `from ${fromMs}`);
  }
});

test('half a build is no speed', () => {
  const steps = stepsUntil(10);
  assert.equal(steps.wholeSince(5_000), null);
  assert.equal(steps.wholeSince(20_000), null);
  assert.throws(() => filesPerSecond(null), /no build came to its end/);
});

test('the business tells how many operations were done', () => {
  assert.equal(operationsIn('operations 4711'), 4711);
  assert.equal(operationsIn('operations'), null);
  assert.equal(operationsIn('Exception in thread "terminal" operations 3'), null);
});
