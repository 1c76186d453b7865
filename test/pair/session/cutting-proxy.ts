import { connect, createServer, type Server, type Socket } from 'node:net';

/** A connection's way through this process, which ends after so many bytes from the server. */
export class CuttingProxy {
  /** From the server, of the present connection. */
  passedBytes = 0;
  /** The present connection ends behind so many bytes from the server. */
  cutAfterBytes = Infinity;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static open(targetPort: number): Promise<CuttingProxy> {
    return new Promise((resolve) => {
      const server = createServer((near) => {
        proxy.connected(near, connect(targetPort, '127.0.0.1'));
      });
      let proxy: CuttingProxy;
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        proxy = new CuttingProxy(server, typeof address === 'object' ? (address?.port ?? 0) : 0);
        resolve(proxy);
      });
    });
  }

  close(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private connected(near: Socket, far: Socket): void {
    this.passedBytes = 0;
    const cut = (): void => {
      for (const socket of [near, far]) {
        this.sockets.delete(socket);
        socket.destroy();
      }
    };
    for (const socket of [near, far]) {
      this.sockets.add(socket);
      socket.on('close', cut);
      socket.on('error', cut);
    }
    near.on('data', (bytes: Buffer) => far.write(bytes));
    far.on('data', (bytes: Buffer) => {
      const room = this.cutAfterBytes - this.passedBytes;
      this.passedBytes += bytes.length;
      if (bytes.length < room) {
        near.write(bytes);
        return;
      }
      // The last byte arrives, and nothing behind it.
      far.pause();
      near.write(bytes.subarray(0, room), cut);
    });
  }
}
