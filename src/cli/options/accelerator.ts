import { InvalidArgumentError, Option, type Command } from 'commander';

import { VmftError } from '../../base/errors.js';
import {
  acceleratorNames,
  counterKinds,
  defaultCounter,
  type Accelerator,
  type AcceleratorName,
  type CounterKind,
  type CounterOptions,
} from '../../flow/machine/accelerator.js';

export interface AcceleratorOptions {
  readonly accel: AcceleratorName;
  readonly interpret?: boolean;
  readonly counter?: CounterOptions;
}

export function addAcceleratorOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--accel <name>', 'what executes the guest')
        .choices(acceleratorNames)
        .default('soft'),
    )
    .addOption(interpretOption())
    .addOption(counterOption());
}

/** For doubts about the translator: what a guest does and what a log holds is the same with it. */
export function interpretOption(): Option {
  return new Option('--interpret', 'with soft: translate no guest code, slower');
}

/** For tests, and for hosts without a usable performance counter: `none` is fast there, the others replay. */
export function counterOption(): Option {
  return new Option(
    '--counter <kind>',
    `advanced, with kvm: what counts branches: ${counterKinds.join(', ')} (default: perf, or none where there is no counter)`,
  ).argParser(parseCounter);
}

/** `perf`, `step`, `none`, `simulated[,skid=N][,seed=N]`, `perf,skid=N`. */
export function parseCounter(text: string): CounterOptions {
  const [name = '', ...parts] = text.split(',');
  if (!(counterKinds as readonly string[]).includes(name)) {
    throw new InvalidArgumentError(`Write one of ${counterKinds.join(', ')}.`);
  }
  const kind = name as CounterKind;
  const numbers = { skid: kind === 'simulated' ? 500 : 0, seed: defaultCounter.randomSeed };
  for (const part of parts) {
    const match = /^(skid|seed)=(\d{1,9})$/.exec(part);
    if (match === null) throw new InvalidArgumentError(`'${part}' is not known: skid=N, seed=N.`);
    numbers[match[1] as 'skid' | 'seed'] = Number(match[2]);
  }
  return { kind, skid: numbers.skid, randomSeed: numbers.seed };
}

/** Throws `usage` for a counter on an accelerator that counts by itself, and for interpreting on one that does not. */
export function chosenAccelerator({
  accel,
  interpret = false,
  counter,
}: AcceleratorOptions): Accelerator {
  if (accel === 'kvm') {
    if (!interpret) return { name: accel, counter: counter ?? defaultCounter };
    throw new VmftError(
      'usage',
      '--interpret is for the accelerator soft: kvm runs guest code on the processor',
      'leave it out, or use --accel soft',
    );
  }
  if (counter === undefined) return { name: accel, interpret };
  throw new VmftError(
    'usage',
    '--counter is for the accelerator kvm: soft counts by itself',
    'leave it out, or use --accel kvm',
  );
}

/** The options that make another vmft choose the same. */
export function acceleratorWords(accelerator: Accelerator): string[] {
  if (accelerator.name === 'soft') return accelerator.interpret ? ['--interpret'] : [];
  const { kind, skid, randomSeed } = accelerator.counter;
  return ['--accel', 'kvm', '--counter', `${kind},skid=${skid},seed=${randomSeed}`];
}
