/**
 * A process of its own, the first one in namespaces of its own: measures one section on a fresh network. When it ends, however it
 * ends, all that it started is gone (enter-namespaces.ts), so a section that fails or takes too long harms no other.
 *
 *   node section-process.js ORDER          ({@link SectionOrder}, as JSON)
 *
 * Writes a line of JSON per {@link SectionMessage} to descriptor 3; ends when its standard input does.
 */

import { createWriteStream } from 'node:fs';

import { asVmftError } from '../../base/errors.js';
import { requireTunDevice } from '../../cli/check/tap.js';
import { DemoNetwork } from '../../cli/demo/demo-network.js';
import { endBySignals } from '../../cli/demo/enter-namespaces.js';
import { errorLine } from '../../cli/report-error.js';
import { systemClock } from '../../flow/world/system-clock.js';
import type { SectionName } from './result.js';
import type { SectionMessage, SectionOrder } from './section-message.js';
import type { Section, SectionContext } from './section.js';
import { sections } from './sections.js';

const messages = createWriteStream('', { fd: 3 });

function tell(message: SectionMessage): void {
  messages.write(`${JSON.stringify(message)}\n`);
}

function contextOf(
  { options, softEndMs }: SectionOrder,
  network: DemoNetwork,
): SectionContext<never> {
  return {
    network,
    options,
    progress: {
      line: (text) => {
        tell({ type: 'line', text });
      },
      doing: (text, done, total) => {
        tell({ type: 'doing', text, done, total });
      },
    },
    rows: {
      add: (row) => {
        tell({ type: 'row', row });
      },
      skip: (row, why) => {
        tell({ type: 'skip', row, why });
      },
    },
    joined: (replication) => {
      tell({ type: 'joined', replication });
    },
    leftMs: () => softEndMs - systemClock.nowMs(),
  };
}

/** Why it could not be measured to its end; null when it could. */
async function measure(order: SectionOrder): Promise<string | null> {
  try {
    requireTunDevice();
    const network = await DemoNetwork.create();
    try {
      const section = sections[order.section] as Section<SectionName>;
      await section.run(contextOf(order, network));
    } finally {
      network.close();
    }
    return null;
  } catch (thrown) {
    const error = asVmftError(thrown);
    // Of a bug of ours, where it is.
    if (error.code === 'internal') console.error((error.cause as Error | undefined)?.stack ?? '');
    return errorLine(error).replace(/^vmft: /, '');
  }
}

endBySignals();
process.stdin.on('end', () => process.exit(1)).resume();
const why = await measure(JSON.parse(process.argv[2] ?? '') as SectionOrder);
tell({ type: 'end', why });
messages.end(() => process.exit(0));
