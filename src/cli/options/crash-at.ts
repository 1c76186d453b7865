import { InvalidArgumentError, Option } from 'commander';

import { crashPoints, type CrashAt } from '../../flow/machine/native-addon.js';

export interface CrashOptions {
  readonly crashAt?: CrashAt;
}

/** For tests, and not in the help: the process kills itself at the N-th time of a step of a disk write's life with a backup. */
export function crashAtOption(): Option {
  return new Option('--crash-at <point,n>').argParser(parseCrashAt).hideHelp();
}

function parseCrashAt(text: string): CrashAt {
  const [name, number = '1', ...rest] = text.split(',');
  const point = crashPoints.find((each) => each === name);
  if (point === undefined || !/^[1-9]\d{0,8}$/.test(number) || rest.length > 0) {
    throw new InvalidArgumentError(
      `Write one of ${crashPoints.join(', ')}, and which time: POINT,N.`,
    );
  }
  return { point, count: Number(number) };
}
