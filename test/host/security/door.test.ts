import assert from 'node:assert/strict';
import {
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  status,
  type ChannelCredentials,
  type MethodDefinition,
  type ServiceError,
} from '@grpc/grpc-js';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect as connectPlain } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { VmftError } from '../../../src/base/errors.js';
import { callerOf } from '../../../src/host/security/caller.js';
import {
  connectionFault,
  securedTarget,
  type SecuredTarget,
} from '../../../src/pair/channel/secured-target.js';
import { LocalSocket } from '../../../src/host/rpc/local-socket.js';
import { localCallers, openDoor } from '../../../src/host/security/door.js';
import { formatAddress } from '../../../src/pair/channel/address.js';
import type { TlsFiles } from '../../../src/pair/channel/tls.js';
import { between, ClusterFiles, host, operator } from './cluster-files.js';

const pass = (bytes: Buffer): Buffer => bytes;
const method = (path: string): MethodDefinition<Buffer, Buffer> => ({
  path,
  requestStream: false,
  responseStream: false,
  requestSerialize: pass,
  requestDeserialize: pass,
  responseSerialize: pass,
  responseDeserialize: pass,
});
const statusPath = '/vmft.host.Host/Status';
const describePath = '/vmft.host.Peer/Describe';

/** Answers with who called. */
function echoServer(): Server {
  const server = new Server();
  const answer = (
    call: { metadata: Metadata },
    done: (error: null, answer: Buffer) => void,
  ): void => {
    done(null, Buffer.from(callerOf(call.metadata)));
  };
  server.addService({ Status: method(statusPath) }, { Status: answer });
  server.addService({ Describe: method(describePath) }, { Describe: answer });
  return server;
}

function call(
  { target, credentials: by, options }: SecuredTarget,
  path = statusPath,
): Promise<string> {
  const client = new Client(target, by, { ...options, 'grpc.use_local_subchannel_pool': 1 });
  const forged = new Metadata();
  forged.set('vmft-caller', 'host forged');
  const deadline = { deadline: new Date(Date.now() + 10_000) };
  return new Promise<string>((resolve, reject) => {
    client.makeUnaryRequest(
      path,
      pass,
      pass,
      Buffer.from('?'),
      forged,
      deadline,
      (error, bytes) => {
        client.close();
        if (error === null) resolve(String(bytes));
        else reject(error);
      },
    );
  });
}

async function failure(by: SecuredTarget, path?: string): Promise<ServiceError> {
  return call(by, path).then(
    (answer) => assert.fail(`it was answered: ${answer}`),
    (error: unknown) => error as ServiceError,
  );
}

describe('the door of a daemon', () => {
  const files = new ClusterFiles();
  const server = echoServer();
  const refused: string[] = [];
  let address = { host: '127.0.0.1', port: 0 };
  let close = (): void => undefined;

  before(async () => {
    const tls = await files.issue('ours', host('a'));
    const door = await openDoor(server, {
      listen: { host: '127.0.0.1', port: 0 },
      tls,
      refused: (line) => refused.push(line),
    });
    address = door.address;
    close = () => {
      door.close();
    };
  });
  after(() => {
    close();
    server.forceShutdown();
    files.remove();
  });

  function plainly(by: ChannelCredentials): SecuredTarget {
    return { target: formatAddress(address), credentials: by, options: {} };
  }

  async function refusedSince(before: number): Promise<string> {
    for (let tries = 0; refused.length === before && tries < 50; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return refused.slice(before).join('\n');
  }

  it('tells handlers who calls, whatever the caller says of itself', async () => {
    assert.equal(
      await call(securedTarget(address, await files.issue('ours', host('b')))),
      'host b',
    );
    const ann = securedTarget(address, await files.issue('ours', operator('ann')));
    assert.equal(await call(ann), 'operator ann');
  });

  it('lets hosts call what is for hosts, and no operator', async () => {
    const b = securedTarget(address, await files.issue('ours', host('b')));
    assert.equal(await call(b, describePath), 'host b');
    const ann = securedTarget(address, await files.issue('ours', operator('ann')));
    const error = await failure(ann, describePath);
    assert.equal(error.code, status.PERMISSION_DENIED);
    assert.equal(error.metadata.get('vmft-code')[0], 'not-allowed');
    assert.match(
      error.details,
      /vmft\.host\.Peer\/Describe is for hosts to call, not for operator ann/,
    );
  });

  const strangers: readonly {
    readonly what: string;
    readonly tls: () => Promise<TlsFiles>;
    readonly says: RegExp;
  }[] = [
    {
      what: 'of another cluster',
      tls: () => files.issue('theirs', host('b'), [], { trusts: 'ours' }),
      says: /its certificate, of host b, is not of this cluster’s authority/,
    },
    {
      what: 'that has expired',
      tls: () => files.issue('ours', host('b'), [], { validity: between(-3, -1) }),
      says: /its certificate, of host b, expired on \d{4}-\d\d-\d\d/,
    },
    {
      what: 'that is not valid yet',
      tls: () => files.issue('ours', operator('ann'), [], { validity: between(1, 2) }),
      says: /its certificate, of operator ann, is not valid yet before \d{4}-.*compare the hosts’ clocks/,
    },
  ];
  for (const { what, tls, says } of strangers) {
    it(`refuses a certificate ${what}, and says so on both sides`, async () => {
      const given = await tls();
      // Its own side finds it first.
      assert.throws(
        () => securedTarget(address, given),
        (error: unknown) => error instanceof VmftError && error.code === 'tls-unusable',
      );
      // One that does not look is told.
      const before = refused.length;
      const error = await failure(plainly(unchecked(given)));
      assert.equal(error.code, status.UNAUTHENTICATED);
      assert.equal(error.metadata.get('vmft-code')[0], 'certificate-refused');
      assert.match(error.details, /^this host refuses the call: /);
      assert.match(error.details, says);
      assert.match(await refusedSince(before), says);
    });
  }

  it('refuses who shows no certificate', async () => {
    const before = refused.length;
    const { certificate } = await files.authority('ours');
    const error = await failure(plainly(credentials.createSsl(Buffer.from(certificate))));
    assert.equal(error.code, status.UNAUTHENTICATED);
    assert.match(error.details, /it shows no certificate/);
    assert.match(await refusedSince(before), /127\.0\.0\.1 was refused: it shows no certificate/);
  });

  it('refuses who speaks no TLS, and both sides say so', async () => {
    const before = refused.length;
    const error = await failure(securedTarget(address, null));
    const fault = connectionFault(formatAddress(address), error.details, null);
    assert.equal(fault.code, 'host-unreachable');
    assert.match(fault.message, /it may want TLS/);
    assert.match(await refusedSince(before), /did not become TLS: the caller speaks no TLS/);
  });

  it('survives rubbish', async () => {
    const socket = connectPlain(address.port, '127.0.0.1');
    await new Promise<void>((resolve) => {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        resolve();
      });
      socket.write(Buffer.alloc(4096, 0x5a));
    });
    assert.equal(
      await call(securedTarget(address, await files.issue('ours', host('b')))),
      'host b',
    );
  });
});

/** TLS as one that does not look at its own files would do it. */
function unchecked({ keyFile, certificateFile, authorityFile }: TlsFiles): ChannelCredentials {
  return credentials.createSsl(read(authorityFile), read(keyFile), read(certificateFile));
}

const read = (path: string): Buffer => readFileSync(path);

describe('a caller', () => {
  const files = new ClusterFiles();
  after(() => {
    files.remove();
  });

  /** What a caller with `caller` says of a host with the certificate `tls`. */
  async function verdict(
    tls: TlsFiles,
    caller: TlsFiles,
    hostName: string | null = null,
  ): Promise<VmftError> {
    const server = echoServer();
    // Not by a door, which would not start with some of these.
    const pair = { private_key: read(tls.keyFile), cert_chain: read(tls.certificateFile) };
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync(
        '127.0.0.1:0',
        ServerCredentials.createSsl(read(tls.authorityFile), [pair]),
        (error, bound) => {
          if (error === null) resolve(bound);
          else reject(error);
        },
      );
    });
    const address = { host: '127.0.0.1', port };
    const error = await failure(securedTarget(address, caller, hostName));
    server.forceShutdown();
    assert.equal(error.code, status.UNAVAILABLE);
    return connectionFault(formatAddress(address), error.details, caller);
  }

  const hosts: readonly {
    readonly what: string;
    readonly tls: () => Promise<TlsFiles>;
    readonly says: RegExp;
  }[] = [
    {
      what: 'of another cluster',
      tls: () => files.issue('theirs', host('a')),
      says: /is not of this cluster’s authority/,
    },
    {
      what: 'that has expired',
      tls: () => files.issue('ours', host('a'), ['127.0.0.1'], { validity: between(-3, -1) }),
      says: /has expired/,
    },
    {
      what: 'that is not valid yet',
      tls: () => files.issue('ours', host('a'), ['127.0.0.1'], { validity: between(1, 2) }),
      says: /is not valid yet/,
    },
    {
      what: 'for another address',
      tls: () => files.issue('ours', host('a'), ['10.0.1.2']),
      says: /is for DNS:a, IP:10\.0\.1\.2, not for 127\.0\.0\.1$/,
    },
    {
      what: 'of an operator',
      tls: () => files.issue('ours', operator('ann')),
      says: /is not made for this use/,
    },
  ];
  for (const { what, tls, says } of hosts) {
    it(`does not take a host’s certificate ${what}, and says so`, async () => {
      const fault = await verdict(await tls(), await files.issue('ours', host('b')));
      assert.equal(fault.code, 'certificate-refused');
      assert.match(fault.message, /^the certificate of the host at 127\.0\.0\.1:\d+ is|has/);
      assert.match(fault.message, says);
    });
  }

  it('does not take one host for another', async () => {
    const fault = await verdict(
      await files.issue('ours', host('a')),
      await files.issue('ours', host('b')),
      'c',
    );
    assert.match(fault.message, /is that of host a, not of host c$/);
  });

  it('says that a host speaks no TLS, or is not there', async () => {
    const caller = await files.issue('ours', host('b'));
    const plain = echoServer();
    const door = await openDoor(plain, {
      listen: { host: '127.0.0.1', port: 0 },
      tls: null,
      refused: () => undefined,
    });
    const target = formatAddress(door.address);
    assert.equal(await call(securedTarget(door.address, null), describePath), 'anybody');
    const error = await failure(securedTarget(door.address, caller));
    const fault = connectionFault(target, error.details, caller);
    assert.equal(fault.code, 'host-unreachable');
    assert.match(fault.message, /it speaks no TLS/);
    door.close();
    plain.forceShutdown();
    const gone = await failure(securedTarget(door.address, caller));
    assert.match(connectionFault(target, gone.details, caller).message, /connect ECONNREFUSED/);
  });
});

describe('the files of a host', () => {
  const files = new ClusterFiles();
  after(() => {
    files.remove();
  });

  async function refusedFor(tls: TlsFiles): Promise<string> {
    const server = echoServer();
    const options = { listen: { host: '127.0.0.1', port: 0 }, tls, refused: () => undefined };
    return openDoor(server, options).then(
      () => assert.fail('it opened'),
      (error: unknown) => {
        assert.equal((error as VmftError).code, 'tls-unusable');
        return (error as VmftError).message;
      },
    );
  }

  it('are looked through at the start', async () => {
    const good = await files.issue('ours', host('a'));
    const other = await files.issue('ours', host('b'));
    const foreign = await files.issue('theirs', host('a'));
    const text = join(files.folder, 'text');
    writeFileSync(text, 'no certificate');
    const cases: readonly (readonly [TlsFiles, RegExp])[] = [
      [{ ...good, keyFile: join(files.folder, 'absent') }, /cannot read .*absent/],
      [{ ...good, keyFile: text }, /text is not a PEM file of the right kind/],
      [{ ...good, certificateFile: text }, /text is not a PEM file of the right kind/],
      [{ ...good, authorityFile: text }, /text holds no certificate/],
      [{ ...good, keyFile: other.keyFile }, /is not the key of the certificate/],
      [{ ...good, authorityFile: foreign.authorityFile }, /is not of the authority/],
      [await files.issue('ours', operator('ann')), /operator ann: a daemon needs a host’s/],
      [
        await files.issue('ours', host('a'), [], { validity: between(-3, -1) }),
        /\.pem expired on \d{4}-/,
      ],
      [
        await files.issue('ours', host('a'), [], { validity: between(1, 2) }),
        /is not valid yet before/,
      ],
    ];
    for (const [tls, says] of cases) assert.match(await refusedFor(tls), says);
  });
});

const local = (path: string): SecuredTarget => ({
  target: `unix:${path}`,
  credentials: credentials.createInsecure(),
  options: {},
});

describe('the local socket', () => {
  const files = new ClusterFiles();
  after(() => {
    files.remove();
  });

  it('is for whom the file lets in, and not for what hosts ask of each other', async () => {
    const path = join(files.folder, 'host.sock');
    const server = echoServer();
    const socket = await LocalSocket.bind(server, path, 0o600, localCallers());
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(await call(local(path)), 'local');
    const error = await failure(local(path), describePath);
    assert.equal(error.metadata.get('vmft-code')[0], 'not-allowed');
    socket.remove();
    server.forceShutdown();
  });
});
