import { Option } from 'commander';

/** Of what runs a replica: see src/host/replica. */
export function controlOption(): Option {
  return new Option(
    '--control <socket>',
    'serve commands for this replica on a Unix socket that only this user may open',
  );
}

/** Of what runs a replica for a host's daemon, which may be away when it ends. */
export function endFileOption(): Option {
  return new Option('--end-file <file>', 'leave there how the session ended, as JSON').hideHelp();
}
