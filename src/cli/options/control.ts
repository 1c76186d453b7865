import { Option } from 'commander';

/** Of what runs a replica: see src/host/replica. */
export function controlOption(): Option {
  return new Option(
    '--control <socket>',
    'serve commands for this replica on a Unix socket that only this user may open',
  );
}
