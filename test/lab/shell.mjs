/** Runs a command in a host of the lab; see shell.ts. Compiles nothing unless it was never compiled. */

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setUp } from '../../scripts/setup.mjs';

const compiled = new URL('../../dist/test/lab/shell.js', import.meta.url);
if (existsSync(fileURLToPath(compiled)) || (await setUp(['build']))) await import(compiled.href);
else process.exitCode = 125;
