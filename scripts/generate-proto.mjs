// Generates the protobuf code from proto/*.proto. The results are committed, so that a clean clone
// builds without this step; test/pair/channel/generated.test.ts checks that they are fresh.
//
//   node scripts/generate-proto.mjs           writes into src/
//   node scripts/generate-proto.mjs --out DIR writes the same tree under DIR (for the freshness test)
//
// protobufjs generates JavaScript and declarations apart. tsc copies no .js file into dist/, so the
// code is kept as an unchecked .ts file whose one export is given the type of the declarations.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const outAt = process.argv.indexOf('--out');
const outRoot = outAt === -1 ? root : process.argv[outAt + 1];

const targets = [
  { proto: 'log', folder: 'src/flow/log/generated' },
  { proto: 'channel', folder: 'src/pair/channel/generated' },
  { proto: 'etcd', folder: 'src/pair/arbiter/generated' },
  { proto: 'host', folder: 'src/host/generated' },
  { proto: 'replica', folder: 'src/host/replica/generated' },
  { proto: 'snapshot', folder: 'src/flow/snapshot/generated' },
];

const notice = (proto) =>
  `// Generated from proto/${proto}.proto by scripts/generate-proto.mjs. Do not edit.\n`;

for (const { proto, folder } of targets) {
  const scratch = mkdtempSync(join(tmpdir(), 'vmft-proto-'));
  try {
    const script = join(scratch, 'out.js');
    const bin = (name) => join(root, 'node_modules/protobufjs-cli/bin', name);
    const shared = [
      '-t',
      'static-module',
      '-w',
      'esm',
      '--force-long',
      '--no-service',
      '--no-create',
    ];
    const trimmed = ['--no-convert', '--no-verify', '--no-delimited', '--no-typeurl'];
    const source = join(root, 'proto', `${proto}.proto`);
    execFileSync(process.execPath, [
      bin('pbjs'),
      ...shared,
      ...trimmed,
      '-r',
      `vmft-${proto}`,
      '-o',
      script,
      source,
    ]);
    const declarations = execFileSync(process.execPath, [bin('pbts'), script], {
      encoding: 'utf8',
    });
    const code = readFileSync(script, 'utf8')
      .replace(/\/\*\*[\s\S]*?\*\//g, '')
      .replace(/[ \t]+$/gm, '')
      .replace(/\n{2,}/g, '\n')
      .replace('export const vmft =', 'export const vmft: typeof Types =')
      .replace(/export \{[\s\S]*?\};?\s*$/, '');
    const out = join(outRoot, folder);
    mkdirSync(out, { recursive: true });
    writeFileSync(
      join(out, `${proto}-messages.ts`),
      `${notice(proto)}// @ts-nocheck\nimport type { vmft as Types } from './${proto}-types.js';\n${code.trimStart()}`,
    );
    writeFileSync(join(out, `${proto}-types.d.ts`), `${notice(proto)}${declarations}`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
