import { randomBytes } from 'node:crypto';

import type { Random } from '../../base/random.js';

/** The host's random source. */
export const systemRandom: Random = {
  uniqueName: () => randomBytes(16).toString('hex'),
  bytes: (count) => randomBytes(count),
};
