import { Command, InvalidArgumentError, Option, type OptionValues } from 'commander';

import { sectionNames, type SectionName } from '../bench/suite/result.js';
import { sectionOfWord, wordOfSection } from '../bench/suite/section-words.js';
import type { AcceleratorName, CounterOptions } from '../flow/machine/accelerator.js';
import type { ReplicationChoice } from '../pair/role/replication-choice.js';
import { addAcceleratorOptions } from './options/accelerator.js';
import { replicationOption } from './options/replication.js';
import { parseSeed } from './options/seed.js';

export interface BenchOptions {
  readonly table: readonly SectionName[];
  readonly quick: boolean;
  readonly seed: number;
  readonly replication: ReplicationChoice;
  readonly accel: AcceleratorName;
  readonly counter?: CounterOptions;
  readonly json?: string;
  readonly report?: string;
  readonly markdown?: string;
  readonly from?: string;
  readonly compare?: readonly string[];
}

export function benchCommand(): Command {
  const command = new Command('bench')
    .description('what protection costs on this host: the FT paper’s two tables, and more')
    .addOption(
      new Option(
        '--table <names>',
        `what is measured: ${sectionNames.map(wordOfSection).join(', ')}, or several with commas`,
      )
        .argParser(parseSections)
        .default(sectionNames, 'all'),
    )
    .option('--quick', 'within ten minutes, and not within an hour', false)
    .addOption(replicationOption())
    .option('--seed <n>', 'of moments that are chosen at random', parseSeed, 1)
    .option('--json <file>', 'writes all samples')
    .option('--report <file>', 'writes a page of HTML with tables and plots')
    .option('--markdown <file>', 'writes the tables for pasting')
    .option('--from <file>', 'measures nothing: shows what --json wrote')
    .option(
      '--compare <files...>',
      'measures nothing: whether the medians of two that --json wrote agree within their spread',
    );
  // Every command reads this file, each replica too; none of them needs the bench.
  return addAcceleratorOptions(command).action(async (options: OptionValues) => {
    const { bench } = await import('./run-bench.js');
    await bench(options as unknown as BenchOptions);
  });
}

function parseSections(text: string): readonly SectionName[] {
  const wanted = text.split(',').flatMap((word) => {
    const section = sectionOfWord(word);
    if (section !== null) return [section];
    if (word === 'all') return sectionNames;
    const words = [...sectionNames.map(wordOfSection), 'all'].join(', ');
    throw new InvalidArgumentError(`'${word}' is not one of ${words}.`);
  });
  return sectionNames.filter((name) => wanted.includes(name));
}
