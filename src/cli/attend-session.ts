import { VmftError } from '../base/errors.js';
import { systemClock } from '../flow/world/system-clock.js';
import { ControlServer } from '../host/replica/control-server.js';
import { ReplicaControl, type ReplicaProcess } from '../host/replica/replica-control.js';
import { writeEndFile } from '../host/supervision/end-file.js';
import type { SessionEnd, StampedPairEvent } from '../pair/role/pair-event.js';
import type { MachineFactory } from '../pair/session/ports.js';
import type { Session, SessionStatus } from '../pair/session/session.js';
import { CopyProgress } from './copy-progress.js';
import { EventStream } from './event-stream.js';
import type { HostDisks } from './host-disks.js';
import { pairNotice } from './pair-notice.js';
import type { EventStreamOptions } from './options/event-stream.js';
import { reportError } from './report-error.js';
import { TerminalConsole } from './terminal-console.js';

/** What a command hands to the session that it starts. */
export interface SessionCallbacks {
  readonly onEvent: (event: StampedPairEvent) => void;
  readonly onConsole: (bytes: Buffer) => void;
  /** What this makes can be copied to a snapshot. */
  readonly watched: (create: MachineFactory) => MachineFactory;
}

export interface AttendOptions {
  readonly eventStream: EventStreamOptions;
  /** Say on standard error what happens to the pair. */
  readonly notices: boolean;
  /** Concluded when the session has ended. */
  readonly disks: HostDisks;
  /** `--control`. */
  readonly controlSocket?: string | undefined;
  /** `--end-file`. */
  readonly endFile?: string | undefined;
  /** What is known of the replica already, for its control socket. */
  readonly replica: Omit<ReplicaProcess, 'startedRealtimeMs'>;
}

/** How long those who look on may take to hear of the end. */
const farewellMs = 500;

/**
 * Runs a session with its console on the terminal until it ends, and ends the process with its exit status.
 *
 * SIGINT, SIGTERM and SIGHUP end this replica (to a peer that is a failure: it takes over); a second one
 * ends the process at once. SIGPWR presses the guest's power button.
 */
export async function attendSession(
  { eventStream, notices, disks, controlSocket, endFile, replica }: AttendOptions,
  start: (callbacks: SessionCallbacks) => Promise<Session>,
): Promise<never> {
  const { jsonEvents, statusEvery } = eventStream;
  const events = jsonEvents === undefined ? null : EventStream.open(jsonEvents);
  const control = new ReplicaControl({ ...replica, startedRealtimeMs: systemClock.realtimeMs() });
  const server =
    controlSocket === undefined ? null : await openControl(controlSocket, control, disks);
  let session: Session | null = null;
  let formed = false;
  const copying = new CopyProgress(notices && process.stderr.isTTY);
  const terminal = new TerminalConsole({
    input: (bytes) => session?.consoleInput(bytes),
    power: (kind) => session?.powerOff(kind),
    leave: () => session?.stop('stopped at the terminal'),
  });
  const stopBySignal = (signal: NodeJS.Signals): void => {
    if (session === null) process.exit(new VmftError('stopped', signal).exitStatus);
    for (const name of signals) process.removeAllListeners(name);
    session.stop(`stopped by ${signal}`);
  };
  for (const name of signals) process.on(name, stopBySignal);
  process.on('SIGPWR', () => session?.powerOff('power-button'));

  session = await start({
    onEvent: (event) => {
      events?.write(event);
      formed ||= event.type === 'formed';
      disks.observe(event);
      control.observe(event);
      const notice = notices && !copying.observe(event) ? pairNotice(event, formed) : null;
      if (notice === null) return;
      copying.giveWay();
      terminal.notice(notice);
    },
    onConsole: (bytes) => {
      copying.giveWay();
      terminal.write(bytes);
      control.console.add(bytes);
    },
    watched: (create) => control.watched(create),
  });
  control.started(session);
  terminal.start();
  const attended = session;
  const stopStatus =
    events === null
      ? () => undefined
      : systemClock.every(statusEvery, () => {
          events.write(statusEvent(attended.status()));
        });
  const end = await session.ended;
  await disks.conclude(session.status().role, end);
  if (endFile !== undefined) writeEndFile(endFile, end);
  await server?.close(farewellMs);
  stopStatus();
  events?.close();
  terminal.stop();
  process.exit(finalStatus(end));
}

/** The socket is there before the replica is, so that one in use is told before anything else happens. */
async function openControl(
  path: string,
  control: ReplicaControl,
  disks: HostDisks,
): Promise<ControlServer> {
  try {
    const server = await ControlServer.open(path, control, systemClock);
    process.once('exit', () => {
      server.removeSocket();
    });
    return server;
  } catch (error) {
    await disks.abandon();
    throw error;
  }
}

function finalStatus(end: SessionEnd): number {
  return end.error === null ? end.exitStatus : reportError(end.error);
}

function statusEvent({ machine, ...session }: SessionStatus): object {
  return { type: 'status', realtimeMs: systemClock.realtimeMs(), ...session, ...machine };
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
