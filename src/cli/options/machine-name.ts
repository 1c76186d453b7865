import { Argument, InvalidArgumentError } from 'commander';

/** The argument that names a machine of the hosts. */
export function machineArgument(): Argument {
  return new Argument('<name>', 'the machine').argParser(parseMachineName);
}

export function parseMachineName(text: string): string {
  if (/^[A-Za-z0-9_-]{1,40}$/.test(text)) return text;
  throw new InvalidArgumentError('A machine’s name is letters, digits, - and _, at most 40.');
}
