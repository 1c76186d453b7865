import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';

import { VmftError } from '../../base/errors.js';
import type { HeartbeatPort } from '../session/ports.js';
import { decodeHeartbeat, encodeHeartbeat } from './heartbeat-datagram.js';
import type { Heartbeat } from './messages.js';

/**
 * Heartbeats over UDP, both ways on one socket. Errors of sending (no route, port closed) are silence,
 * which is what the detector is for.
 */
export class HeartbeatSocket implements HeartbeatPort {
  private remote: { readonly host: string; readonly port: number } | null = null;
  private sending: { readonly machineId: string; readonly generation: bigint } | null = null;
  private closed = false;

  private constructor(
    private readonly socket: Socket,
    /** Where a backup's primary is; null for a socket that only answers. */
    private readonly peerHost: string | null,
    onHeartbeat: (heartbeat: Heartbeat) => void,
  ) {
    socket.on('error', () => undefined);
    socket.on('message', (bytes, from) => {
      const heartbeat = decodeHeartbeat(bytes);
      if (heartbeat === null) return;
      // A replica of another machine or generation must not draw our heartbeats to itself.
      const { sending } = this;
      if (
        sending !== null &&
        heartbeat.machineId === sending.machineId &&
        heartbeat.generation === sending.generation
      ) {
        this.remote = { host: from.address, port: from.port };
      }
      onHeartbeat(heartbeat);
    });
  }

  /** Binds `host` (an IP address) and `port`, or any port when `port` is taken or 0. */
  static async open(
    host: string,
    port: number,
    peerHost: string | null,
    onHeartbeat: (heartbeat: Heartbeat) => void,
  ): Promise<HeartbeatSocket> {
    const bound = await bind(host, port).catch((error: unknown) => {
      if (port === 0) throw error;
      return bind(host, 0);
    });
    return new HeartbeatSocket(bound, peerHost, onHeartbeat);
  }

  get port(): number {
    return this.closed ? 0 : this.socket.address().port;
  }

  send(heartbeat: Heartbeat): void {
    this.sending = heartbeat;
    if (this.remote === null || this.closed) return;
    this.socket.send(
      encodeHeartbeat(heartbeat),
      this.remote.port,
      this.remote.host,
      () => undefined,
    );
  }

  towards(port: number): void {
    if (this.peerHost !== null) this.remote = { host: this.peerHost, port };
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.socket.close();
  }
}

function bind(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket({ type: isIPv6(host) ? 'udp6' : 'udp4' });
    socket.once('error', (error) => {
      socket.close();
      reject(
        new VmftError(
          'address-unavailable',
          `cannot receive heartbeats on UDP ${host} port ${port}: ${error.message}`,
          'name an address of this host',
          error,
        ),
      );
    });
    socket.bind(port, host, () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
  });
}
