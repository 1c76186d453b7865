import { after } from 'node:test';

import { systemRandom } from '../../../src/flow/world/system-random.js';
import { openArbiter } from '../../../src/pair/arbiter/open-arbiter.js';
import { EtcdCluster, noEtcd } from '../../storage/etcd.js';
import { describeArbiter } from './conformance.js';

for (const members of [1, 3]) {
  let cluster: EtcdCluster | null = null;
  let stores = 0;
  describeArbiter(`etcd with ${members} member${members === 1 ? '' : 's'}`, noEtcd, async () => {
    cluster ??= await EtcdCluster.start(members);
    const started = cluster;
    stores += 1;
    const prefix = `store${stores}`;
    return {
      url: started.url(prefix),
      open: () => openArbiter(started.url(prefix), systemRandom),
      spoil: async () => {
        for (const kind of ['formed', 'taken']) {
          started.control(['put', `/${prefix}/m/1/${kind}`, 'not a flag']);
        }
      },
      remove: () => Promise.resolve(),
    };
  });
  after(() => cluster?.stop());
}
