/** Writes the report of a made-up result, to be looked at: `node dist/test/bench/report/show-fixture.js FOLDER [SEED]`. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { htmlReport, markdownReport, textReport } from '../../../src/bench/report/report.js';
import { resultText } from '../../../src/bench/suite/result-file.js';
import { resultOf } from './fixture.js';

const [folder = '.', seed = '1'] = process.argv.slice(2);
const result = resultOf(Number(seed));
writeFileSync(join(folder, 'report.html'), await htmlReport(result));
writeFileSync(join(folder, `result-${seed}.json`), resultText(result));
writeFileSync(join(folder, 'report.md'), markdownReport(result));
console.log(textReport(result, process.stdout.columns ?? Infinity));
