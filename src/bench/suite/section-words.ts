/** Sections as people call them on the command line. Pure. */

import { sectionNames, type SectionName } from './result.js';
import type { SuiteOptions } from './section.js';
import { acceleratorWords } from '../../cli/options/accelerator.js';

/** `1` and `2` are the tables of the paper. */
export function wordOfSection(section: SectionName): string {
  return section.replace(/^table/, '');
}

export function sectionOfWord(word: string): SectionName | null {
  return sectionNames.find((name) => name === word || wordOfSection(name) === word) ?? null;
}

/** `vmft bench` as it is called here, by npm or by itself, with words behind it. */
export function benchCommandLine(byNpm: boolean, words: readonly string[]): string {
  const call = byNpm
    ? ['npm', 'run', 'bench', ...(words.length > 0 ? ['--'] : [])]
    : ['vmft', 'bench'];
  return [...call, ...words.map(typed)].join(' ');
}

/** The words that measure this section alone in the same way. */
export function wordsOfSection(section: SectionName, options: SuiteOptions): string[] {
  return [
    ...['--table', wordOfSection(section)],
    ...(options.quick ? ['--quick'] : []),
    ...acceleratorWords(options.accelerator),
    ...(options.replication === 'auto' ? [] : ['--replication', options.replication]),
    ...(options.seed === 1 ? [] : ['--seed', String(options.seed)]),
  ];
}

/** As it would be typed in a shell. */
function typed(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
