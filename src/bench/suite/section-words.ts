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

/** How `vmft bench` is called here: by npm, or by itself. */
export function benchCall(byNpm: boolean): string {
  return byNpm ? 'npm run bench --' : 'vmft bench';
}

/** What measures this section alone in the same way. */
export function commandOfSection(
  call: string,
  section: SectionName,
  options: SuiteOptions,
): string {
  return [
    ...[call, '--table', wordOfSection(section)],
    ...(options.quick ? ['--quick'] : []),
    ...acceleratorWords(options.accelerator),
    ...(options.replication === 'auto' ? [] : ['--replication', options.replication]),
    ...(options.seed === 1 ? [] : ['--seed', String(options.seed)]),
  ].join(' ');
}

/** As it would be typed in a shell. */
export function typedWords(words: readonly string[]): string {
  const typed = (word: string): string =>
    /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
  return words.map(typed).join(' ');
}
