import { spawnSync } from 'node:child_process';

import { namespaceAdvice, namespaceOptions, unshareWorks } from '../demo/enter-namespaces.js';
import { limited, missing, ok, type Finding } from './finding.js';

/** What the demo and the tests of the network need; a guest needs none of it. */
export function checkNamespaces(): Finding[] {
  const advice = `only the demo needs it; ${namespaceAdvice}`;
  const user = unshareWorks(['--user', '--map-root-user'])
    ? ok('user namespaces', 'can be made')
    : limited('user namespaces', 'cannot be made by this user', advice);
  const options = namespaceOptions();
  const network =
    options === null
      ? limited('network namespaces', 'cannot be made by this user', advice)
      : ok(
          'network namespaces',
          options.includes('--user') ? 'can be made through a user namespace' : 'can be made',
        );
  return [network, user];
}

export function checkTools(): Finding {
  const absent = ['ip', 'unshare', 'nsenter'].filter((tool) => !runs(tool));
  if (absent.length === 0) return ok('tools', 'ip, unshare and nsenter are there');
  return missing(
    'tools',
    `missing: ${absent.join(', ')}`,
    'for the demo, as root: apt-get install iproute2 util-linux',
  );
}

function runs(tool: string): boolean {
  const { status } = spawnSync(tool, [tool === 'ip' ? '-Version' : '--version'], {
    stdio: 'ignore',
  });
  return status === 0;
}
