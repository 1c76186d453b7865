import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';

import type { Command } from 'commander';

import { exitStatusByCode } from '../../src/base/errors.js';
import { allCommands } from '../../src/cli/commands.js';
import { codeOf, document, documents, root } from './documents.js';

/** What a machine can read of the documentation must be so. */
describe('the documentation', () => {
  for (const page of documents()) {
    test(`${page.path}: its links lead somewhere`, () => {
      const links = [...page.prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
      const broken = links
        .filter((link) => !/^[a-z]+:/.test(link))
        .filter((link) => !resolves(page.path, link));
      assert.deepEqual(broken, []);
    });

    test(`${page.path}: the files it names are there`, () => {
      const named = codeOf(page).flatMap((code) => [
        ...code.matchAll(
          /(?<![\w./-])((?:native|src|test|scripts|proto|images)\/[\w./-]*\w)(?![\w*{/]|\.\{)/g,
        ),
      ]);
      const missing = named
        .map(([, path = '']) => path)
        .filter((path) => !existsSync(join(root, path)));
      assert.deepEqual(missing, []);
    });

    test(`${page.path}: the commands it names exist`, () => {
      assert.deepEqual(codeOf(page).flatMap(unknownCommands), []);
    });
  }

  test('lists every exit status as it is', () => {
    const rows = document('docs/operating.md').text.matchAll(/^\| (\d+) \| `([a-z-]+)` \|/gm);
    assert.deepEqual(
      [...rows].map(([, status, name]) => [name, Number(status)]),
      Object.entries(exitStatusByCode),
    );
  });
});

const commands: ReadonlyMap<string, Command> = new Map(
  allCommands().map((command) => [command.name(), command]),
);

const scripts = Object.keys(
  (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object }).scripts,
);

/** The npm scripts, commands and options in a line that do not exist. */
function unknownCommands(line: string): string[] {
  const npm = [...line.matchAll(/\bnpm run ([\w:-]+)/g)]
    .map(([, script = '']) => script)
    .filter((script) => !scripts.includes(script));
  const vmft = /(?:^|[^\w/.-])(?:vmft|npm run (?=demo\b|bench --)) ?([a-z]+)\b(.*)$/.exec(
    line.replace(/#.*$/, ''),
  );
  if (vmft === null) return npm;
  const [, name = '', words = ''] = vmft;
  const command = commands.get(name);
  if (command === undefined) return [...npm, `vmft ${name}`];
  const [, part = ''] = /^ ([a-z]+)/.exec(words) ?? [];
  const parts = command.commands.filter((each) => each.name() === part);
  if (command.commands.length > 0 && parts.length === 0 && /^ [a-z]+( |$)/.test(words)) {
    return [...npm, `vmft ${name} ${part}`];
  }
  const known = [command, ...parts].flatMap((each) => each.options.map((option) => option.long));
  const options = [...words.matchAll(/(?<= )--[a-z][a-z-]*/g)]
    .map(([option]) => option)
    .filter((option) => option !== '--help' && !known.includes(option));
  return [...npm, ...options.map((option) => `vmft ${name} ${option}`)];
}

/** A file beside the page or, with #, a heading in it. */
function resolves(from: string, link: string): boolean {
  const [file = '', anchor = ''] = link.split('#');
  const path = file === '' ? from : join(dirname(from), file);
  if (!existsSync(join(root, path))) return false;
  if (anchor === '') return true;
  const headings = [...readFileSync(join(root, path), 'utf8').matchAll(/^#+ (.*)$/gm)];
  return headings.some(([, title = '']) => anchorOf(title) === anchor);
}

function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}
