import { fileURLToPath } from 'node:url';

import { requireTunDevice } from '../cli/check/tap.js';
import { DemoNetwork } from '../cli/demo/demo-network.js';
import { endBySignals, enterNamespaces } from '../cli/demo/enter-namespaces.js';

/**
 * Measures on the demo's network, in namespaces of our own: the command runs itself again in there, with `--inside`. `module` is its
 * `import.meta.url`. Resolves with the exit status. Throws `namespace-unavailable`, `tap-unavailable`.
 */
export async function onDemoNetwork(
  module: string,
  inside: boolean,
  measure: (network: DemoNetwork) => Promise<number>,
): Promise<number> {
  if (!inside) {
    return enterNamespaces(fileURLToPath(module), [...process.argv.slice(2), '--inside']);
  }
  endBySignals();
  requireTunDevice();
  const network = await DemoNetwork.create();
  try {
    return await measure(network);
  } finally {
    network.close();
  }
}
