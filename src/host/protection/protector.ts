import { refusalsText, type Refusal } from './placement.js';

/**
 * Keeps one machine protected, on the host that has it live. A pure reducer: events and the time in, actions out.
 *
 *   idle        there is nothing to do: protection is not wanted, an         ── wanted, and alone ──► looking
 *               operation has the machine, it is not live here, or it
 *               is protected.
 *   looking     hosts are asked what they have.                              ── candidates ──► asking
 *                                                                            ── none ──► waiting
 *   asking      the best candidate left is asked to start a backup.          ── it did ──► joining
 *                                                                            ── refused ──► asking the next, or waiting
 *   joining     the backup joins; how that goes its primary tells, and       ── formed ──► idle
 *               its host whether it is still there.                          ── failed ──► asking the next, or waiting
 *   waiting     for a delay that grows with each round that failed,          ── time ──► looking
 *               or until a host comes back.                                  ── host is back ──► looking
 *
 * A round is one pass through the candidates. Answers name their round, so that a late one of an earlier round changes
 * nothing: what it started joins by itself, or is refused by the primary.
 */
export type ProtectorEvent =
  | { readonly type: 'tick' }
  /** The replica of this host; `none`: it is not live. */
  | { readonly type: 'role'; readonly role: 'alone' | 'primary' | 'none' }
  /** By the operator; `only`: the host he named, or empty. */
  | { readonly type: 'wanted'; readonly wanted: boolean; readonly only: string }
  /** An operation deals with the machine's backup itself. */
  | { readonly type: 'suspended'; readonly suspended: boolean }
  | {
      readonly type: 'candidates';
      readonly round: number;
      readonly candidates: readonly string[];
      readonly refusals: readonly Refusal[];
    }
  /** `why` null: it started a backup. */
  | {
      readonly type: 'asked';
      readonly round: number;
      readonly host: string;
      readonly why: string | null;
    }
  /** Of a backup that had been started: the primary said so, or its host. */
  | { readonly type: 'join-failed'; readonly why: string }
  /** A host answers that did not, or has changed. */
  | { readonly type: 'host-back' };

export type ProtectorAction =
  /** Answered by `candidates`. */
  | { readonly do: 'look'; readonly round: number; readonly only: string }
  /** Answered by `asked`. */
  | { readonly do: 'ask'; readonly round: number; readonly host: string }
  /** See that the backup on this host does not vanish; until the next action. */
  | { readonly do: 'watch'; readonly host: string }
  | { readonly do: 'tell'; readonly what: ProtectionNews };

export type ProtectionNews =
  | { readonly kind: 'asking'; readonly host: string }
  | { readonly kind: 'joining'; readonly host: string }
  | { readonly kind: 'failed'; readonly why: string; readonly againAfterMs: number }
  | { readonly kind: 'protected' };

export interface ProtectorSettings {
  readonly delayMinMs: number;
  readonly delayMaxMs: number;
}

type State =
  | { readonly name: 'idle' }
  | { readonly name: 'looking' }
  | { readonly name: 'asking' | 'joining'; readonly host: string }
  | { readonly name: 'waiting'; readonly untilMs: number };

export class Protector {
  private state: State = { name: 'idle' };
  private role: 'alone' | 'primary' | 'none' = 'none';
  private wanted = false;
  private only = '';
  private suspended = false;
  private round = 0;
  private candidates: string[] = [];
  private refusals: Refusal[] = [];
  private delayMs = 0;
  private failure = '';

  constructor(private readonly settings: ProtectorSettings) {}

  get phase(): State['name'] {
    return this.state.name;
  }

  /** Where a backup is being made, or was made last; empty: nowhere. */
  get host(): string {
    return 'host' in this.state ? this.state.host : '';
  }

  /** Why protection did not come about, the last time; empty once it did. */
  get lastFailure(): string {
    return this.failure;
  }

  handle(event: ProtectorEvent, nowMs: number): ProtectorAction[] {
    switch (event.type) {
      case 'tick':
        if (this.state.name !== 'waiting' || nowMs < this.state.untilMs) return [];
        return this.look();
      case 'role':
        return this.takeRole(event.role);
      case 'wanted':
        this.wanted = event.wanted;
        this.only = event.only;
        this.delayMs = 0;
        if (this.state.name === 'waiting') this.state = { name: 'idle' };
        return this.settle();
      case 'suspended':
        this.suspended = event.suspended;
        this.delayMs = 0;
        return this.settle();
      case 'candidates':
        if (this.state.name !== 'looking' || event.round !== this.round) return [];
        this.candidates = [...event.candidates];
        this.refusals = [...event.refusals];
        return this.askNext(nowMs);
      case 'asked':
        if (this.state.name !== 'asking' || event.round !== this.round) return [];
        if (event.why !== null) return this.refused(event.host, event.why, nowMs);
        this.state = { name: 'joining', host: event.host };
        return [
          { do: 'tell', what: { kind: 'joining', host: event.host } },
          { do: 'watch', host: event.host },
        ];
      case 'join-failed':
        if (this.state.name !== 'joining') return [];
        return this.refused(this.state.host, event.why, nowMs);
      case 'host-back':
        return this.state.name === 'waiting' ? this.look() : [];
    }
  }

  private takeRole(role: 'alone' | 'primary' | 'none'): ProtectorAction[] {
    if (role === this.role) return [];
    const before = this.role;
    this.role = role;
    if (role !== 'primary') {
      // What has just been protected is to be so again at once, however long it took the last time.
      if (before !== 'alone') this.delayMs = 0;
      return this.settle();
    }
    this.delayMs = 0;
    this.failure = '';
    this.only = '';
    this.state = { name: 'idle' };
    return [{ do: 'tell', what: { kind: 'protected' } }];
  }

  /** Begins what is called for, ends what is not. */
  private settle(): ProtectorAction[] {
    const called = this.wanted && !this.suspended && this.role === 'alone';
    if (!called) {
      this.state = { name: 'idle' };
      return [];
    }
    return this.state.name === 'idle' ? this.look() : [];
  }

  private look(): ProtectorAction[] {
    this.round += 1;
    this.state = { name: 'looking' };
    return [{ do: 'look', round: this.round, only: this.only }];
  }

  private askNext(nowMs: number): ProtectorAction[] {
    const host = this.candidates.shift();
    if (host === undefined) return this.wait(nowMs);
    this.state = { name: 'asking', host };
    return [
      { do: 'tell', what: { kind: 'asking', host } },
      { do: 'ask', round: this.round, host },
    ];
  }

  private refused(host: string, why: string, nowMs: number): ProtectorAction[] {
    this.refusals.push({ host, why });
    return this.askNext(nowMs);
  }

  private wait(nowMs: number): ProtectorAction[] {
    const { delayMinMs, delayMaxMs } = this.settings;
    this.delayMs = Math.min(delayMaxMs, Math.max(delayMinMs, this.delayMs * 2));
    this.failure = refusalsText(this.refusals);
    this.state = { name: 'waiting', untilMs: nowMs + this.delayMs };
    return [
      {
        do: 'tell',
        what: { kind: 'failed', why: this.failure, againAfterMs: this.delayMs },
      },
    ];
  }
}
