import { createClient, type RedisClientType } from '@redis/client';

/** One connection to Redis, never made anew. */
export async function openRedis(
  host: string,
  port: number,
  broken: (why: string) => void,
): Promise<RedisClientType> {
  const client = createClient({
    disableOfflineQueue: true,
    socket: { host, port, reconnectStrategy: false, connectTimeout: 5_000 },
  }) as RedisClientType;
  client.on('error', (error: Error) => {
    broken(error.message);
  });
  client.on('end', () => {
    broken('the connection was closed');
  });
  await client.connect();
  const { appendfsync, appendonly } = await client.configGet(['appendonly', 'appendfsync']);
  if (appendonly !== 'yes' || appendfsync !== 'always') {
    client.destroy();
    throw new Error('this Redis does not sync each write, so there is nothing to test');
  }
  return client;
}
