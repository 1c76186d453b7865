import { Command, type OptionValues } from 'commander';

import { exitStatusByCode } from '../base/errors.js';
import { checkSoft } from './check/soft.js';
import type { Finding } from './check/finding.js';
import { checkImages } from './check/guest-images.js';
import { checkHost, checkMemory, checkNode } from './check/host.js';
import { kvmFacts } from './check/kvm-facts.js';
import { kvmFindings, replayVerdict, verdictLine } from './check/kvm-findings.js';
import { checkNamespaces, checkTools } from './check/namespaces.js';
import { checkTap } from './check/tap.js';

export function checkCommand(): Command {
  return new Command('check')
    .description('what this host can do, and what to do about what it cannot')
    .option('--json', 'print one JSON object', false)
    .action((options: OptionValues) => {
      check((options as { json: boolean }).json);
    });
}

/** Exit status 0 when a guest can run here, whatever else is missing. */
function check(json: boolean): void {
  const soft = checkSoft();
  const needed = [checkHost(), checkNode(), soft];
  const kvm = kvmFacts();
  const replayOnKvm = replayVerdict(kvm);
  const findings = [
    ...needed,
    ...kvmFindings(kvm),
    checkMemory(),
    checkImages(),
    checkTap(),
    ...checkNamespaces(),
    checkTools(),
  ];
  const runs = needed.every(({ state }) => state === 'ok');
  if (json) {
    console.log(JSON.stringify({ canRun: runs, findings, kvm, replayOnKvm }));
  } else {
    for (const finding of findings) print(finding);
    console.log(verdictLine(replayOnKvm));
  }
  process.exitCode = runs ? 0 : exitStatusByCode['accelerator-unavailable'];
}

const marks = { ok: 'yes', limited: ' - ', missing: 'NO ' } as const;

function print({ name, state, found, whatToDo }: Finding): void {
  console.log(`${marks[state]}  ${name.padEnd(19)} ${found}`);
  if (whatToDo !== null) console.log(`${' '.repeat(25)}${whatToDo}`);
}
