import { asVmftError, VmftError } from '../../base/errors.js';
import { addon, mapped, type NativeHeartbeats } from '../../flow/machine/native-addon.js';
import type { HeartbeatPort } from '../session/ports.js';
import type { Rest, RestBeat } from '../role/peer-pulse.js';
import { counterAt, decodeHeartbeat, echoAt, encodeHeartbeat } from './heartbeat-datagram.js';
import type { Heartbeat } from './messages.js';

/**
 * Heartbeats over UDP, both ways on one socket, which nobody is woken for (native/world/heartbeat_socket.h): what has come is
 * delivered when it is asked for. Errors of sending (no route, port closed) are silence, which is what the detector is for.
 */
export class HeartbeatSocket implements HeartbeatPort {
  private remote: { readonly host: string; readonly port: number } | null = null;
  private sending: { readonly machineId: string; readonly generation: bigint } | null = null;
  private closed = false;

  private constructor(
    private readonly socket: NativeHeartbeats,
    /** Where a backup's primary is; null for a socket that only answers. */
    private readonly peerHost: string | null,
    private readonly onHeartbeat: (heartbeat: Heartbeat, ageMs: number) => void,
  ) {}

  /**
   * Binds `host` (an IP address) and `port`, or any port when `port` is taken or 0. Throws `address-unavailable`.
   * `onHeartbeat` is told how long ago each came.
   */
  static open(
    host: string,
    port: number,
    peerHost: string | null,
    onHeartbeat: (heartbeat: Heartbeat, ageMs: number) => void,
  ): HeartbeatSocket {
    return new HeartbeatSocket(bindNear(host, port), peerHost, onHeartbeat);
  }

  get port(): number {
    return this.socket.port();
  }

  send(heartbeat: Heartbeat): void {
    this.sending = heartbeat;
    if (this.remote === null || this.closed) return;
    const { host, port } = this.remote;
    this.socket.send(encodeHeartbeat(heartbeat), host, port);
  }

  deliver(): void {
    for (let left = datagramsAtOnce; left > 0 && !this.closed; left -= 1) {
      const received = this.socket.receive();
      if (received === null) return;
      const heartbeat = decodeHeartbeat(received.bytes);
      if (heartbeat === null) continue;
      // A replica of another machine or generation must not draw our heartbeats to itself.
      const { sending } = this;
      if (
        sending !== null &&
        heartbeat.machineId === sending.machineId &&
        heartbeat.generation === sending.generation
      ) {
        this.remote = { host: received.host, port: received.port };
      }
      this.onHeartbeat(heartbeat, received.ageMs);
    }
  }

  towards(port: number): void {
    if (this.peerHost !== null) this.remote = { host: this.peerHost, port };
  }

  /** In `native/world/heartbeat_rest.cpp`. Its clock is the system's: so must be that of whoever says when. */
  rest(rest: Rest, machineId: string, over: () => void): boolean {
    if (this.remote === null || this.closed) return false;
    const { generation, sent: counter, heard: echo, ...plan } = rest;
    const datagram = encodeHeartbeat({ machineId, generation, counter, echo });
    const { sent, heard } = rest;
    this.socket.rest({ ...plan, sent, heard, datagram, counterAt, echoAt, ...this.remote }, over);
    return true;
  }

  rise(): readonly RestBeat[] {
    return this.socket.rise();
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.socket.close();
  }
}

/** More than a stranger's flood can make a replica read at a tick. */
const datagramsAtOnce = 256;

function bindNear(host: string, port: number): NativeHeartbeats {
  try {
    return bind(host, port);
  } catch (error) {
    if (port === 0) throw error;
    return bind(host, 0);
  }
}

function bind(host: string, port: number): NativeHeartbeats {
  const { NativeHeartbeats: Socket } = addon();
  try {
    return mapped(() => new Socket(host, port));
  } catch (thrown) {
    const error = asVmftError(thrown);
    throw new VmftError(
      'address-unavailable',
      `cannot receive heartbeats on UDP ${host} port ${port}: ${error.message}`,
      'name an address of this host',
      error,
    );
  }
}
