import { PostgresConnection } from './postgres-connection.js';
import { PostgresBank, PostgresSet } from './postgres-stores.js';
import { openRedis } from './redis-connection.js';
import { RedisBank, RedisSet } from './redis-stores.js';
import type { ClientOrder, Store, WorkloadName } from './workload.js';

/** Connects. `broken` hears why the connection is gone, should that happen. */
export async function openStore(
  name: WorkloadName,
  { host, postgresPort, redisPort }: ClientOrder,
  broken: (why: string) => void,
): Promise<Store> {
  switch (name) {
    case 'postgres-bank':
      return new PostgresBank(await PostgresConnection.open(host, postgresPort, broken));
    case 'postgres-set':
      return new PostgresSet(await PostgresConnection.open(host, postgresPort, broken));
    case 'redis-bank':
      return new RedisBank(await openRedis(host, redisPort, broken));
    case 'redis-set':
      return new RedisSet(await openRedis(host, redisPort, broken));
  }
}
