import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { Client, credentials, type ClientDuplexStream } from '@grpc/grpc-js';

import type { ErrorCode } from '../../../src/base/errors.js';
import { limits, protocolVersion } from '../../../src/base/limits.js';
import { encodeGuestConfig } from '../../../src/flow/log/guest-config.js';
import { systemClock } from '../../../src/flow/world/system-clock.js';
import { systemRandom } from '../../../src/flow/world/system-random.js';
import type { Arbiter } from '../../../src/pair/arbiter/arbiter.js';
import { openArbiter } from '../../../src/pair/arbiter/open-arbiter.js';
import { formatAddress } from '../../../src/pair/channel/address.js';
import { joinMethod } from '../../../src/pair/channel/grpc-service.js';
import { HeartbeatSocket } from '../../../src/pair/channel/heartbeat-socket.js';
import type { FromBackup, FromPrimary, LogFrame } from '../../../src/pair/channel/messages.js';
import { PrimaryServer } from '../../../src/pair/channel/primary-server.js';
import { decodeFromPrimary, encodeFromBackup } from '../../../src/pair/channel/wire.js';
import { joinAsBackup } from '../../../src/pair/session/join-as-backup.js';
import type { PeerLink } from '../../../src/pair/session/ports.js';
import { runPrimary } from '../../../src/pair/session/run-primary.js';
import type { Session } from '../../../src/pair/session/session.js';
import { exampleGuest } from '../../flow/log/example-guest.js';
import { encodeFakeFrame } from '../../flow/machine/fake-frame.js';
import { sealed } from '../../flow/machine/fake-image.js';
import { FakeMachine } from '../../flow/machine/fake-machine.js';
import { InProcess } from './in-process.js';

const guest = { ...exampleGuest };
const loopback = { host: '127.0.0.1', port: 0 };
let directory = '';
let arbiter: Arbiter;
let side: InProcess;
let cleanUps: (() => void | Promise<unknown>)[] = [];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'vmft-hostile-'));
  arbiter = await openArbiter(`file:${directory}`, systemRandom);
  side = new InProcess();
  cleanUps = [];
});

afterEach(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
  side.close();
  rmSync(directory, { recursive: true, force: true });
});

const welcomeAgain: FromPrimary = {
  ...{ kind: 'welcome', generation: 2n, machineId: 'm', replicaId: 'p', heartbeatPort: 1 },
  ...{ machineConfig: Buffer.from('c'), arbiterUrl: '', replication: 'replay' },
};

/** A primary under test, and a backup that is only a stream of bytes. */
async function primaryWithRawBackup(): Promise<{
  session: Session;
  call: ClientDuplexStream<Buffer, Buffer>;
  received: FromPrimary[];
  next: (kind: FromPrimary['kind']) => Promise<FromPrimary>;
  send: (message: FromBackup) => void;
}> {
  const session = await runPrimary({
    ...side.options,
    guest,
    listen: loopback,
    arbiter,
    recordTo: null,
  });
  const { listening } = session.status();
  assert.ok(listening !== null);
  const client = new Client(formatAddress(listening), credentials.createInsecure());
  const call = client.makeBidiStreamRequest(
    joinMethod.path,
    joinMethod.requestSerialize,
    joinMethod.responseDeserialize,
  );
  call.on('error', () => undefined);
  const received: FromPrimary[] = [];
  let look = (): void => undefined;
  call.on('data', (bytes: Buffer) => {
    received.push(decodeFromPrimary(bytes));
    look();
  });
  cleanUps.push(async () => {
    session.stop('the test is over');
    await session.ended;
    client.close();
  });
  return {
    session,
    call,
    received,
    next: (kind) =>
      new Promise((resolve) => {
        look = () => {
          const found = received.find((message) => message.kind === kind);
          if (found !== undefined) resolve(found);
        };
        look();
      }),
    send: (message) => call.write(encodeFromBackup(message)),
  };
}

const hello: FromBackup = {
  kind: 'hello',
  protocolVersion,
  build: 'test',
  accelerator: 'fake',
  replicaId: 'raw',
  memoryBytesMax: 0n,
  replays: true,
  liveAfterMs: 110,
};

describe('a primary with a hostile backup', () => {
  const attacks: readonly (readonly [string, ErrorCode, (raw: Raw) => void])[] = [
    ['rubbish', 'message-malformed', ({ call }) => call.write(Buffer.from('rubbish'))],
    ['an empty message', 'message-malformed', ({ call }) => call.write(Buffer.alloc(0))],
    [
      'an acknowledgement of what was not sent',
      'ack-beyond-sent',
      ({ send }) => {
        send({ kind: 'ack', generation: 1n, sequence: 2n ** 60n });
      },
    ],
    [
      'an acknowledgement twice',
      'sequence-repeated',
      ({ send }) => {
        send({ kind: 'ack', generation: 1n, sequence: 0n });
        send({ kind: 'ack', generation: 1n, sequence: 0n });
      },
    ],
    [
      'a message of an older generation',
      'generation-old',
      ({ send }) => {
        send({ kind: 'ack', generation: 0n, sequence: 0n });
      },
    ],
    [
      'a message of a generation to come',
      'generation-unknown',
      ({ send }) => {
        send({ kind: 'ack', generation: 2n, sequence: 0n });
      },
    ],
    [
      'a take-over of what was not given',
      'message-unexpected',
      ({ send }) => {
        send({ kind: 'taken-over', generation: 1n });
      },
    ],
    [
      'a second hello',
      'message-unexpected',
      ({ send }) => {
        send(hello);
      },
    ],
  ];
  for (const [name, code, attack] of attacks) {
    it(`ends the generation for ${name}, wins it and goes on`, async () => {
      const raw = await primaryWithRawBackup();
      raw.send(hello);
      await takeState(raw);
      raw.send({ kind: 'state-ready', generation: 1n });
      await raw.next('log-frame');
      attack(raw);
      assert.equal((await side.until('channel-broken')).error.code, code);
      await side.until('backup-lost');
      assert.equal(raw.session.status().role, 'alone');
      side.machine?.request(1);
      while (!side.outputs.includes('answer 1 1')) await tick();
    });
  }

  it('ends the generation for an oversized message', async () => {
    const raw = await primaryWithRawBackup();
    raw.send(hello);
    await takeState(raw);
    raw.send({ kind: 'state-ready', generation: 1n });
    await raw.next('log-frame');
    raw.call.write(Buffer.alloc(limits.messageBytesMax + 1000));
    await side.until('channel-broken');
    await side.until('backup-lost');
  });

  it('shows nothing that is not acknowledged', async () => {
    const raw = await primaryWithRawBackup();
    raw.send(hello);
    await takeState(raw);
    const before = side.outputs.length;
    raw.send({ kind: 'state-ready', generation: 1n });
    await raw.next('log-frame');
    side.machine?.request(1);
    await systemSleep(150);
    assert.equal(side.outputs.length, before);
    assert.ok((side.machine?.status().outputsProduced ?? 0n) > BigInt(before));
  });

  const joinAttacks: readonly (readonly [string, ErrorCode, (raw: Raw) => Promise<unknown>])[] = [
    [
      'readiness before the state',
      'message-unexpected',
      async ({ send, next }) => {
        await next('welcome');
        send({ kind: 'state-ready', generation: 1n });
      },
    ],
    [
      'readiness for another generation',
      'generation-unknown',
      async ({ send, next }) => {
        await next('welcome');
        send({ kind: 'prepared', generation: 2n });
      },
    ],
    [
      'a copy of nothing that was sent',
      'ack-beyond-sent',
      async (raw) => {
        await takeState(raw);
        raw.send({ kind: 'copy-progress', generation: 1n, chunks: 1000n });
      },
    ],
    [
      'a copy before it is prepared',
      'message-unexpected',
      async ({ send, next }) => {
        await next('welcome');
        send({ kind: 'copy-progress', generation: 1n, chunks: 0n });
      },
    ],
    [
      'its preparation twice',
      'message-unexpected',
      async (raw) => {
        await takeState(raw);
        raw.send({ kind: 'prepared', generation: 1n });
      },
    ],
  ];
  for (const [name, code, attack] of joinAttacks) {
    it(`calls a join off for ${name}, and runs on`, async () => {
      const raw = await primaryWithRawBackup();
      raw.send(hello);
      await attack(raw);
      assert.equal((await side.until('join-failed')).error.code, code);
      assert.equal(raw.session.status().phase, 'alone');
      assert.equal(side.machine?.mode, 'live');
      assert.ok(!readdirSync(directory).some((name) => name.endsWith('.taken')));
    });
  }

  it('runs on when a join is broken off at any step, and takes no flag for it', async () => {
    const raw = await primaryWithRawBackup();
    raw.send(hello);
    await raw.next('welcome');
    raw.call.cancel();
    await side.until('join-failed');
    assert.equal(raw.session.status().role, 'alone');
    assert.equal(side.machine?.mode, 'live');
    assert.ok(!readdirSync(directory).some((name) => name.endsWith('.taken')));
  });
});

interface Raw {
  readonly call: ClientDuplexStream<Buffer, Buffer>;
  readonly received: readonly FromPrimary[];
  readonly send: (message: FromBackup) => void;
  readonly next: (kind: FromPrimary['kind']) => Promise<FromPrimary>;
}

/** Up to the state; each chunk is told to be taken in, since the primary waits for that. */
async function takeState({ send, next, received }: Raw): Promise<void> {
  await next('welcome');
  send({ kind: 'prepared', generation: 1n });
  let told = 0;
  const telling = setInterval(() => {
    const chunks = received.filter(({ kind }) => kind === 'memory-chunk').length;
    if (chunks > told) send({ kind: 'copy-progress', generation: 1n, chunks: BigInt(chunks) });
    told = chunks;
  }, 2);
  await next('state');
  clearInterval(telling);
}

/** A backup under test, and a primary that says what the test says. */
async function backupWithRawPrimary(
  onPrepared: ((link: PeerLink) => void) | null = null,
  onProgress: (chunks: bigint) => void = none,
): Promise<{ session: Session; link: Promise<PeerLink> }> {
  let ready: (link: PeerLink) => void = () => undefined;
  const formed = new Promise<PeerLink>((resolve) => {
    ready = resolve;
  });
  const machine = new FakeMachine(
    guest,
    { segment: none, console: none, executed: none, live: none, stopped: none },
    { show: none, entropy: () => 1 },
  );
  machine.startLive({
    generation: 0n,
    gated: false,
    recording: false,
    replication: 'replay',
    unacknowledgedBytesMax: 1 << 20,
  });
  machine.step(10);
  machine.pauseNow();
  pausedAt = { runUntil: machine.state.tick, digest: machine.state.hash };
  machine.copyBegin();
  const pages = (await machine.copyRead(1 << 20))?.data ?? Buffer.from('no pages');
  const state = machine.copyState();
  await arbiter.form({ machineId: 'm', generation: 2n, replicaId: 'raw' });
  const heartbeats = HeartbeatSocket.open('127.0.0.1', 0, null, none);
  const server = await PrimaryServer.listen({
    listen: loopback,
    tls: null,
    clock: systemClock,
    events: {
      closed: none,
      message: (link, message) => {
        if (message.kind === 'hello') {
          link.send({
            kind: 'welcome',
            generation: 2n,
            machineId: 'm',
            replicaId: 'p',
            machineConfig: encodeGuestConfig(guest),
            heartbeatPort: heartbeats.port,
            arbiterUrl: arbiter.url,
            replication: 'replay',
          });
        }
        if (message.kind === 'prepared' && onPrepared !== null) {
          onPrepared(link);
        } else if (message.kind === 'prepared') {
          link.send({ kind: 'memory-chunk', pages });
          link.send({ kind: 'state', generation: 2n, memoryChunks: 1n, state, more: false });
        }
        if (message.kind === 'state-ready') ready(link);
        if (message.kind === 'copy-progress') onProgress(message.chunks);
      },
    },
  });
  let counter = 0n;
  const beating = setInterval(() => {
    counter += 1n;
    heartbeats.deliver();
    heartbeats.send({ machineId: 'm', generation: 2n, counter, echo: 0n });
  }, 20);
  cleanUps.push(async () => {
    clearInterval(beating);
    heartbeats.close();
    server.abort();
  });
  const session = await joinAsBackup({
    ...side.options,
    primary: server.address,
    arbiter,
    memoryBytesMax: null,
    listen: null,
  });
  cleanUps.push(async () => {
    session.stop('the test is over');
    await session.ended;
  });
  return { session, link: formed };
}

/** Where the machine stands whose state the raw primary sends: a segment without a tick is true there. */
let pausedAt = { runUntil: 0, digest: 0 };

function frameMessage(sequence: number, generation = 2, damage = false): LogFrame {
  const body = { inputs: [], ...pausedAt, produced: 0, released: 0 };
  const frame = encodeFakeFrame({ generation, sequence, ...body });
  if (damage) frame.writeUInt8(frame.readUInt8(20) ^ 1, 20);
  return { kind: 'log-frame', generation: BigInt(generation), sequence: BigInt(sequence), frame };
}

describe('a backup with a hostile primary', () => {
  const attacks: readonly (readonly [string, ErrorCode, () => readonly FromPrimary[]])[] = [
    ['a gap in the log', 'sequence-gap', () => [frameMessage(0), frameMessage(2)]],
    ['a repeated segment', 'sequence-repeated', () => [frameMessage(0), frameMessage(0)]],
    ['a damaged frame', 'frame-corrupt', () => [frameMessage(0), frameMessage(1, 2, true)]],
    [
      'a frame of an older generation',
      'generation-old',
      () => [frameMessage(0), frameMessage(1, 1)],
    ],
    [
      'a frame of a later generation',
      'generation-unknown',
      () => [frameMessage(0), frameMessage(1, 3)],
    ],
    [
      'a frame that belongs elsewhere',
      'frame-generation',
      () => [frameMessage(0), { ...frameMessage(1, 1), generation: 2n }],
    ],
    [
      'memory in the midst of the log',
      'message-unexpected',
      () => [frameMessage(0), { kind: 'memory-chunk', pages: Buffer.alloc(1) }],
    ],
    [
      'a hand-over in another generation',
      'generation-old',
      () => [frameMessage(0), { kind: 'hand-over', generation: 1n }],
    ],
  ];
  for (const [name, code, messages] of attacks) {
    it(`ends the generation for ${name}, and asks the arbiter`, async () => {
      const { link: ready, session } = await backupWithRawPrimary();
      const link = await ready;
      await arbiter.testAndSet({ machineId: 'm', generation: 2n, replicaId: 'raw' });
      for (const message of messages()) link.send(message);
      assert.equal((await side.until('channel-broken')).error.code, code);
      assert.equal((await side.until('suspected')).rule, 'B8');
      assert.equal((await session.ended).reason, 'arbitration-lost');
      assert.deepEqual(side.outputs, []);
    });
  }

  const chunk: FromPrimary = {
    ...{ kind: 'disk-chunk', disk: 0, offset: 0n },
    ...{ data: Buffer.alloc(512), zeroBytes: 0 },
  };
  const state: FromPrimary = {
    ...{ kind: 'state', generation: 2n, memoryChunks: 0n },
    ...{ state: sealed({}), more: false },
  };
  const rubbish: FromPrimary = { kind: 'memory-chunk', pages: Buffer.alloc(100, 1) };
  const flush: FromPrimary = { kind: 'flush-disks' };
  const joinAttacks: readonly (readonly [string, ErrorCode, readonly FromPrimary[]])[] = [
    ['a piece of a disk that is not copied', 'message-malformed', [chunk]],
    ['damaged memory', 'image-corrupt', [rubbish]],
    ['a damaged state', 'image-corrupt', [{ ...state, state: Buffer.alloc(9, 1) }]],
    ['memory missing before the state', 'message-unexpected', [{ ...state, memoryChunks: 1n }]],
    ['a state of another generation', 'message-unexpected', [{ ...state, generation: 3n }]],
    ['memory in the midst of the state', 'message-unexpected', [{ ...state, more: true }, rubbish]],
    ['a log before the state', 'message-unexpected', [frameMessage(0)]],
    [
      'a hand-over in the midst of it',
      'message-unexpected',
      [{ kind: 'hand-over', generation: 2n }],
    ],
    ['a second welcome', 'message-unexpected', [welcomeAgain]],
  ];
  it('takes a flush that has nothing to do', async () => {
    const taken: bigint[] = [];
    await backupWithRawPrimary(
      (link) => link.send(flush),
      (chunks) => taken.push(chunks),
    );
    while (!taken.includes(1n)) await tick();
  });
  for (const [name, code, messages] of joinAttacks) {
    it(`gives a join up for ${name}`, async () => {
      const { session } = await backupWithRawPrimary((link) => {
        for (const message of messages) link.send(message);
      });
      assert.equal((await session.ended).reason, code);
      assert.deepEqual(side.outputs, []);
      assert.ok(!readdirSync(directory).some((file) => file.endsWith('.taken')));
    });
  }

  it('never goes live before the first frame', async () => {
    const { link, session } = await backupWithRawPrimary();
    (await link).close(null);
    assert.equal((await session.ended).reason, 'peer-lost');
    assert.ok(!readdirSync(directory).some((name) => name.endsWith('.taken')));
  });
});

function none(): void {
  return undefined;
}

function tick(): Promise<void> {
  return systemSleep(5);
}

function systemSleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
