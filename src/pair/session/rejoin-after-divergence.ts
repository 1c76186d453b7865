import type { Clock } from '../../base/clock.js';
import { asVmftError, VmftError, type ErrorCode } from '../../base/errors.js';
import type { PairSettings } from '../../base/limits.js';
import type { Machine } from '../../flow/machine/machine.js';
import type { Address } from '../channel/address.js';
import {
  failure,
  type PairEvent,
  type SessionEnd,
  type StampedPairEvent,
} from '../role/pair-event.js';
import { joinAsBackup, type BackupOptions } from './join-as-backup.js';
import { noPair, settingsOf, type Session, type SessionStatus } from './session.js';

/**
 * A backup that rebuilds itself: as {@link joinAsBackup}, but a replica that diverged is replaced by a fresh one,
 * which joins the same primary in its next generation; one that diverges often as a host that does not replay, so that the
 * primary goes on by checkpoints. Each is a session of its own; here they are one, with one `ended` and events in the time of
 * the first.
 *
 * `replicaId` is the present replica's. Rejects as joinAsBackup does; a failure later is an end.
 */
export async function joinAndRebuild(
  options: BackupOptions,
  join: typeof joinAsBackup = joinAsBackup,
): Promise<Session> {
  const backup = new RebuiltBackup(options, join);
  await backup.begin();
  return backup;
}

/** Failures of a join that pass: the primary is still on its way to being alone, or not reached for a moment. */
const passing: ReadonlySet<SessionEnd['reason']> = new Set<ErrorCode>([
  'peer-refused',
  'peer-unreachable',
  'peer-lost',
  'join-timeout',
  'arbiter-unreachable',
]);

/**
 *   joined      a session runs; this may be the machine    ── diverged as a backup ──► waiting, or
 *               by now.                                        ended when it happens often by checkpoints too
 *                                                          ── ended otherwise ──► ended
 *   waiting     the machine is closed, a delay runs.       ── delay over ──► rejoining
 *                                                          ── stop ──► ended
 *   rejoining   a session runs that has not formed.        ── formed ──► joined
 *                                                          ── failed in passing ──► waiting, or ended
 *                                                             when patience is over
 *                                                          ── stop, failed otherwise ──► ended
 *   ended       `ended` is emitted; the last session closes.
 */
class RebuiltBackup implements Session {
  readonly ended: Promise<SessionEnd>;
  private resolveEnded: (end: SessionEnd) => void = () => undefined;
  private readonly clock: Clock;
  private readonly settings: PairSettings;
  private readonly startMs: number;
  private listen: Address | null;
  private session: Session | null = null;
  private lastStatus: SessionStatus | null = null;
  private machine: Machine | null = null;
  /** Of the present session. */
  private formed = false;
  private leftBackup = false;
  private report: Report | null = null;
  /** The present session ended, and there will be another. */
  private again = false;
  private replays: boolean;
  private divergences = 0;
  private recentMs: number[] = [];
  /** Why this host does not replay any more. */
  private often: VmftError | null = null;
  private patienceUntilMs = 0;
  private delayMs = 0;
  private cutDelay: () => void = () => undefined;
  private listeningAt = '';
  private stopWanted: string | null = null;
  private end: SessionEnd | null = null;

  constructor(
    private readonly options: BackupOptions,
    private readonly join: typeof joinAsBackup,
  ) {
    this.clock = options.clock;
    this.settings = settingsOf(options);
    this.startMs = options.clock.nowMs();
    this.listen = options.listen;
    this.replays = options.replays;
    this.ended = new Promise((resolve) => {
      this.resolveEnded = resolve;
    });
  }

  get replicaId(): string {
    return this.session?.replicaId ?? this.lastStatus?.replicaId ?? '';
  }

  async begin(): Promise<void> {
    const first = await this.joinOnce();
    const { listening } = first.status();
    // Any port was asked for: it stays the one that was said.
    if (this.listen?.port === 0 && listening !== null) {
      this.listen = { ...this.listen, port: listening.port };
    }
    void this.attend(first);
  }

  status(): SessionStatus {
    const { divergences } = this;
    const status = this.session?.status() ?? this.lastStatus;
    if (status === null) throw new VmftError('internal', 'bug: status before the first session');
    const between = this.session === null || this.again;
    return { ...(between ? betweenSessions(status) : status), divergences };
  }

  consoleInput(bytes: Buffer): void {
    this.session?.consoleInput(bytes);
  }

  powerOff(kind: 'power-button' | 'power-off'): void {
    if (this.leftBackup) this.session?.powerOff(kind);
    else this.stop('the backup was stopped');
  }

  reset(): void {
    this.requireSession().reset();
  }

  setCpuShare(share: number): void {
    this.requireSession().setCpuShare(share);
  }

  handOver(): Promise<void> {
    const { session } = this;
    if (session !== null) return session.handOver();
    return Promise.reject(new VmftError('wrong-mode', 'this replica is being rebuilt'));
  }

  stop(message: string): void {
    this.stopWanted ??= message;
    this.cutDelay();
    this.session?.stop(message);
  }

  /** One session after the other, each fully closed before the next: they share tap, ports and memory. */
  private async attend(first: Session): Promise<void> {
    let session = first;
    try {
      for (;;) {
        const end = await session.ended;
        if (!this.again) {
          this.conclude(end);
          break;
        }
        this.lastStatus = betweenSessions(session.status());
        this.session = null;
        this.machine?.close();
        this.machine = null;
        await this.delay();
        if (this.concludeStopped()) break;
        session = await this.joinOnce();
        if (this.stopWanted !== null) session.stop(this.stopWanted);
      }
    } catch (thrown) {
      this.conclude(notRebuilt(failure(asVmftError(thrown))));
    }
    this.resolveEnded(this.end ?? failure(new VmftError('internal', 'bug: no end')));
  }

  private requireSession(): Session {
    if (this.session !== null) return this.session;
    throw new VmftError('wrong-mode', 'this replica is being rebuilt', 'ask the one that is live');
  }

  private async joinOnce(): Promise<Session> {
    const { options } = this;
    this.again = false;
    this.formed = false;
    this.leftBackup = false;
    this.report = null;
    this.session = await this.join({
      ...options,
      listen: this.listen,
      replays: this.replays,
      createMachine: (config, events) => (this.machine = options.createMachine(config, events)),
      onEvent: (event) => {
        this.observe(event);
      },
    });
    return this.session;
  }

  private delay(): Promise<void> {
    if (this.stopWanted !== null) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = this.clock.after(this.delayMs, resolve);
      this.cutDelay = () => {
        cancel();
        resolve();
      };
    });
  }

  private observe(event: StampedPairEvent): void {
    switch (event.type) {
      case 'formed':
        this.formed = true;
        break;
      case 'going-live':
        this.leftBackup = true;
        break;
      case 'diverged':
        this.report = event;
        break;
      case 'channel-broken':
        // Of a join that failed; what becomes of it says the same.
        if (this.divergences > 0 && !this.formed) return;
        break;
      case 'listening': {
        const { address, heartbeatPort } = event;
        const at = `${address} ${heartbeatPort}`;
        if (at === this.listeningAt) return;
        this.listeningAt = at;
        break;
      }
      case 'ended':
        this.sessionEnded(event.end);
        return;
      default:
    }
    this.emit(event);
  }

  private sessionEnded(end: SessionEnd): void {
    const { report } = this;
    if (this.concludeStopped()) return;
    // Once it went live there may be no primary any more, and `diverged` is about a backup of its own.
    if (report !== null && !this.leftBackup) this.diverged(report);
    else if (this.divergences === 0 || this.formed) this.conclude(end);
    else this.joinFailed(end);
  }

  private diverged({ generation, ticks, what }: Report): void {
    const { divergencesMax, divergenceWindowMs, rebuildDelayMs, rebuildPatienceMs } = this.settings;
    const nowMs = this.clock.nowMs();
    this.divergences += 1;
    this.recentMs = this.recentMs.filter((atMs) => nowMs - atMs < divergenceWindowMs);
    this.recentMs.push(nowMs);
    const often = this.recentMs.length > divergencesMax;
    if (often) this.often = this.divergesOften(ticks);
    if (often && !this.replays) {
      this.conclude(failure(this.divergesOften(ticks)));
      return;
    }
    this.again = true;
    this.patienceUntilMs = nowMs + rebuildPatienceMs;
    this.delayMs = rebuildDelayMs;
    const { divergences } = this;
    this.emit({ type: 'rebuilding', divergences, generation, ticks, what });
    if (!often) return;
    this.replays = false;
    this.recentMs = [];
    this.emit({ type: 'replay-given-up', divergences, ticks });
  }

  private divergesOften(ticks: bigint): VmftError {
    const minutes = Math.max(1, Math.round(this.settings.divergenceWindowMs / 60_000));
    return new VmftError(
      'divergence',
      `this guest diverges often here: ${this.recentMs.length} times within ${minutes} min, last at tick ${ticks}`,
      'start the primary with --replication auto or checkpoint',
    );
  }

  private joinFailed(end: SessionEnd): void {
    const { error } = end;
    const delayMs = Math.min(2 * this.delayMs, this.settings.rebuildDelayMaxMs);
    const over = this.clock.nowMs() + delayMs > this.patienceUntilMs;
    if (error === null || over || !passing.has(end.reason)) {
      const refused = end.reason === 'peer-refused' ? this.often : null;
      this.conclude(refused === null ? notRebuilt(end) : refusedToo(refused, end));
      return;
    }
    this.again = true;
    this.delayMs = delayMs;
    this.emit({ type: 'rebuild-delayed', error, delayMs });
  }

  private concludeStopped(): boolean {
    if (this.stopWanted === null) return false;
    this.conclude(failure(new VmftError('stopped', this.stopWanted)));
    return true;
  }

  private conclude(end: SessionEnd): void {
    if (this.end !== null) return;
    this.end = end;
    this.again = false;
    this.emit({ type: 'ended', end });
  }

  private emit(event: PairEvent): void {
    const { clock } = this;
    const atMs = clock.nowMs() - this.startMs;
    this.options.onEvent?.({ ...event, atMs, realtimeMs: clock.realtimeMs() });
  }
}

type Report = Extract<PairEvent, { type: 'diverged' }>;

/** There is no replica here at the moment. */
function betweenSessions(status: SessionStatus): SessionStatus {
  const nothing = { ...noPair, listening: null, machine: null };
  return { ...status, ...nothing, role: 'none', phase: 'rebuilding' };
}

/** It diverges often, and the primary has no other way to replicate. */
function refusedToo(often: VmftError, { message }: SessionEnd): SessionEnd {
  return failure(new VmftError(often.code, `${often.message}; ${message}`, often.whatToDo));
}

/** The reason and exit status stay those of the join that failed; the line says what came before. */
function notRebuilt(end: SessionEnd): SessionEnd {
  const { error } = end;
  if (error === null) return end;
  const message = `this replica diverged and could not be rebuilt: ${error.message}`;
  return failure(new VmftError(error.code, message, error.whatToDo, error));
}
