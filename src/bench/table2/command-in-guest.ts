import { fileURLToPath } from 'node:url';

import { VmftError } from '../../base/errors.js';
import { guestAddress, type DemoNetwork } from '../../cli/demo/demo-network.js';
import { clientOutput } from '../client-command.js';

const commandScript = fileURLToPath(new URL('../guest-command-client.js', import.meta.url));
/** Of the guest's service "shell". */
const commandPort = 7001;
const commandMsMax = 30_000;

/** What a command of the guest's service "shell" prints. Throws `internal` when it cannot be run. */
export async function commandInGuest(network: DemoNetwork, command: string): Promise<string> {
  const client = [process.execPath, commandScript, guestAddress, String(commandPort), command];
  const output = await clientOutput(network, client, commandMsMax);
  if (output === null) throw new VmftError('internal', 'the client could not run');
  return output;
}
