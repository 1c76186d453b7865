import type { OpenReplica, ReplicaEvent, ReplicaPort } from '../supervision/replica-port.js';
import { ReplicaClient } from './replica-client.js';

/** A replica's control socket as the daemon uses it. */
export const openReplica: OpenReplica = (socket) => {
  const client = new ReplicaClient(socket);
  const ends: (() => void)[] = [];
  const port: ReplicaPort = {
    async status() {
      const { generation, ...status } = await client.status();
      return { ...status, generation: Number(generation) };
    },
    events(onEvent, onClosed) {
      const end = client.events(0n, {
        event: ({ json }) => {
          const event = parseEvent(json);
          if (event !== null) onEvent(event);
        },
        ended: () => {
          onClosed();
        },
      });
      ends.push(end);
    },
    console(onData, onClosed) {
      const link = client.console({
        output: onData,
        ended: (error) => {
          onClosed(error);
        },
      });
      ends.push(() => {
        link.close();
      });
      return {
        write: (bytes) => {
          link.input(bytes);
        },
        close: () => {
          link.close();
        },
      };
    },
    control: (kind, permille = 1000) =>
      client.control(kind === 'cpu-share' ? { kind, permille } : { kind }),
    handOver: () => client.handOver(),
    leave: (why) => client.leave(why),
    async snapshot(path, onProgress) {
      const { writtenBytes, pauseMs } = await client.snapshot(
        path,
        ({ writtenBytes, leftBytes }) => {
          onProgress({ writtenBytes, leftBytes, done: false, pauseMs: 0 });
        },
      );
      onProgress({ writtenBytes, leftBytes: 0, done: true, pauseMs });
    },
    close: () => {
      for (const end of ends) end();
      client.close();
    },
  };
  return port;
};

/** Null for what is no event. */
function parseEvent(json: string): ReplicaEvent | null {
  try {
    const value = JSON.parse(json) as Partial<ReplicaEvent> | null;
    const isEvent = typeof value?.type === 'string' && typeof value.realtimeMs === 'number';
    return isEvent ? (value as ReplicaEvent) : null;
  } catch {
    return null;
  }
}
