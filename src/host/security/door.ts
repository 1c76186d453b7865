/**
 * Where a daemon's gRPC server meets callers: an address with mutual TLS, or the local socket.
 *
 * The problem: a caller whose certificate is not taken should learn why, and so should this side's log. Node ends
 * such a connection after the handshake without a word (`rejectUnauthorized`), and gRPC shows neither the
 * connection nor the reason. So the door makes the handshake itself, with OpenSSL's verdict but without its
 * consequence, and passes only connections that OpenSSL takes to the gRPC server. Others meet one that knows no
 * service: it answers each call with the reason, and ends after a moment. Nothing they send is read by the
 * daemon's own code.
 */
import { experimental, ServerCredentials, status, type Server } from '@grpc/grpc-js';
import { X509Certificate } from 'node:crypto';
import { createServer as createHttp2Server } from 'node:http2';
import { createServer as createNetServer, type Server as NetServer, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';

import { VmftError } from '../../base/errors.js';
import { limits } from '../../base/limits.js';
import { printable } from '../../base/printable.js';
import type { Address } from '../../pair/channel/address.js';
import { cannotListen } from '../../pair/channel/grpc-service.js';
import type { TlsFiles } from '../../pair/channel/tls.js';
import { callerInterceptor, type Caller } from './caller.js';
import { faultOf, formatHolder, holderOf } from '../../pair/channel/certificate.js';
import { readOwnCertificate } from '../../pair/channel/own-certificate.js';

export interface Door {
  readonly address: Address;
  /** Takes no further connection; those there are end with the gRPC server's shutdown. */
  close(): void;
}

export interface DoorOptions {
  readonly listen: Address;
  /** Null: anybody may call anything. */
  readonly tls: TlsFiles | null;
  /** One line for the log for each connection that was refused; of a flood, one a second. */
  readonly refused: (line: string) => void;
}

/**
 * Lets callers over the network reach a server's services. Host certificates may call all of them, operators' all
 * but Peer's. Throws `tls-unusable`, also for an operator's certificate, and `address-unavailable`.
 */
export async function openDoor(server: Server, options: DoorOptions): Promise<Door> {
  const { listen, tls, refused } = options;
  const bound = tls === null ? plainServer(server) : tlsServer(server, tls, refused);
  bound.maxConnections = limits.hostConnectionsMax;
  await new Promise<void>((resolve, reject) => {
    bound.once('error', (error) => {
      reject(cannotListen(listen, error));
    });
    bound.listen({ host: listen.host, port: listen.port }, resolve);
  });
  const at = bound.address();
  const port = at !== null && typeof at === 'object' ? at.port : listen.port;
  return { address: { host: listen.host, port }, close: () => bound.close() };
}

/** For the local socket: its callers are those who may open the file, and call no Peer. */
export function localCallers(): ServerCredentials {
  return callers({ kind: 'local' });
}

/** Connections that come as they are, of callers who are known, or are named by a certificate. */
function callers(known: Caller | null): ServerCredentials {
  return experimental.createServerCredentialsWithInterceptors(ServerCredentials.createInsecure(), [
    callerInterceptor(known),
  ]);
}

/** Where connections enter the gRPC server. */
function entrance(server: Server, known: Caller | null): (connection: Socket) => void {
  const injector = server.createConnectionInjector(callers(known));
  return (connection) => {
    injector.injectConnection(connection);
  };
}

function plainServer(server: Server): NetServer {
  const enter = entrance(server, { kind: 'anybody' });
  return createNetServer({ noDelay: true }, enter);
}

function tlsServer(server: Server, tls: TlsFiles, refused: (line: string) => void): NetServer {
  const own = readOwnCertificate(tls);
  if (own.holder.kind !== 'host') {
    throw new VmftError(
      'tls-unusable',
      `the certificate ${tls.certificateFile} is that of ${formatHolder(own.holder)}: a daemon needs a host’s`,
      'see `vmft host init`',
    );
  }
  const enter = entrance(server, null);
  const tell = sparingly(refused);
  const secure = createTlsServer({
    key: own.key,
    cert: own.certificate,
    ca: own.authority,
    requestCert: true,
    // Its verdict is looked at below.
    rejectUnauthorized: false,
    minVersion: 'TLSv1.3',
    ALPNProtocols: ['h2'],
    handshakeTimeout: handshakeWithinMs,
    noDelay: true,
  });
  secure.on('secureConnection', (socket) => {
    // The HTTP/2 session reports it as well; without a listener of its own a socket's error ends the process.
    socket.on('error', () => undefined);
    const reason = refusal(socket);
    if (reason === null) {
      enter(socket);
      return;
    }
    tell(`a caller at ${socket.remoteAddress ?? 'an unknown address'} was refused: ${reason}`);
    sendAway(socket, reason);
  });
  secure.on('tlsClientError', (error, socket) => {
    const where = socket.remoteAddress ?? 'an unknown address';
    tell(`a connection from ${where} did not become TLS: ${handshakeFault(error)}`);
  });
  return secure;
}

/** Why a caller may not come in; null: it may. */
function refusal(socket: TLSSocket): string | null {
  if (socket.authorized) return null;
  const raw = (socket.getPeerCertificate() as Partial<{ raw: Buffer }> | null)?.raw;
  if (raw === undefined) return 'it shows no certificate';
  const certificate = new X509Certificate(raw);
  const code = String(socket.authorizationError);
  const fault = faultOf(code, certificate, new Date()) ?? `is not taken (${code})`;
  return `its certificate, of ${formatHolder(holderOf(certificate))}, ${fault}`;
}

/** Answers whatever is called with the reason, as a gRPC status. */
function sendAway(socket: TLSSocket, reason: string): void {
  const server = createHttp2Server({ peerMaxConcurrentStreams: 4 });
  server.on('session', (session) => session.on('error', () => undefined));
  server.on('stream', (stream) => {
    stream.on('error', () => undefined);
    stream.respond(
      {
        ':status': 200,
        'content-type': 'application/grpc+proto',
        'grpc-status': String(status.UNAUTHENTICATED),
        'grpc-message': encodeURI(`this host refuses the call: ${reason}`),
        'vmft-code': 'certificate-refused',
      },
      { endStream: true },
    );
  });
  server.emit('connection', socket);
  setTimeout(() => socket.destroy(), refusedForMs).unref();
}

function handshakeFault(error: Error & { code?: string }): string {
  switch (error.code) {
    case 'ERR_SSL_HTTP_REQUEST':
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
      return 'the caller speaks no TLS';
    case 'ECONNRESET':
      return 'the caller closed it: it may not trust this host’s certificate, or does not want TLS';
    default:
      return printable(error.message).replace(/^[0-9A-F]+:error:[0-9A-F]*:/, '');
  }
}

/** A flood of refused callers must not fill the log: ten lines at once, then one a second. */
function sparingly(tell: (line: string) => void): (line: string) => void {
  const linesMax = 10;
  let lines = linesMax;
  let last = performance.now();
  return (line) => {
    const now = performance.now();
    lines = Math.min(linesMax, lines + (now - last) / 1_000);
    last = now;
    if (lines < 1) return;
    lines -= 1;
    tell(line);
  };
}

const handshakeWithinMs = 10_000;
/** Time for the answer to arrive. */
const refusedForMs = 2_000;
