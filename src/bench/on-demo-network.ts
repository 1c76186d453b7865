import { fileURLToPath } from 'node:url';

import { VmftError } from '../base/errors.js';
import { tunDeviceFault } from '../cli/check/tap.js';
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
  const fault = tunDeviceFault();
  if (fault !== null) throw new VmftError('tap-unavailable', fault.found, fault.whatToDo);
  const network = await DemoNetwork.create();
  try {
    return await measure(network);
  } finally {
    network.close();
  }
}
