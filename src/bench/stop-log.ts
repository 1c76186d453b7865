/** How many positions a replica must be at exactly to execute a log. */

import { bigintOfLong } from '../base/uint64.js';
import { vmft } from '../flow/log/generated/log-messages.js';
import { LogFileReader } from '../flow/world/log-file-reader.js';

/** Different positions in a log: of its inputs, and of its segments' ends. */
export async function positionsIn(path: string): Promise<number> {
  const { reader } = await LogFileReader.open(path);
  let last = '';
  let positions = 0;
  try {
    for await (const bytes of reader.frames()) {
      const { segment } = vmft.log.Frame.decode(bytes);
      const { records, runUntil } = vmft.log.Segment.decode(segment);
      for (const position of [...records.map((record) => record.position), runUntil]) {
        const name = nameOf(position ?? {});
        if (name === last) continue;
        last = name;
        positions += 1;
      }
    }
  } finally {
    await reader.close();
  }
  return positions;
}

function nameOf(position: Parameters<typeof vmft.log.Position.encode>[0]): string {
  const { ticks, rip, rcx, registers, exits } = position;
  return [ticks, rip, rcx, registers, exits].map(text).join();
}

function text(value: Parameters<typeof bigintOfLong>[0] | number | null | undefined): string {
  if (value === null || value === undefined) return '0';
  return typeof value === 'number' ? String(value) : bigintOfLong(value).toString();
}
