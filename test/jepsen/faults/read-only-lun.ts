import type { TgtServer } from '../../storage/tgt.js';

/** LUN 1 refuses writes, as a medium does that wears out, or takes them again. */
export async function setReadOnly(target: TgtServer, on: boolean): Promise<void> {
  await target.admin(
    ...['--op', 'update', '--mode', 'logicalunit', '--tid', '1', '--lun', '1'],
    ...['--params', `readonly=${on ? 1 : 0}`],
  );
}
