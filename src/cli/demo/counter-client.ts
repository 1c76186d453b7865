/**
 * The client, a process of its own: counts on one TCP connection, which it never makes anew, and checks
 * each answer.
 *
 *   node counter-client.js HOST PORT
 *
 * Writes a line of JSON per report to standard output ({@link ClientReport}); ends at the end of its
 * standard input, after asking for the final value.
 */
import { connect, type Socket } from 'node:net';

import { CounterCheck } from './counter-check.js';

export type ClientReport =
  | { readonly type: 'connected'; readonly realtimeMs: number }
  | { readonly type: 'progress'; readonly answers: number; readonly lastRealtimeMs: number }
  | ClientResult;

export interface ClientResult {
  readonly type: 'result';
  readonly increments: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly connectionSurvived: boolean;
  readonly trouble: string | null;
  /** The longest times between two answers, as [from, to] in milliseconds since 1970. */
  readonly gaps: readonly (readonly [number, number])[];
}

const pauseMs = 2;
const progressMs = 100;
const connectTimeoutMs = 2_000;
const connectTriesMax = 60;
/** A connection that gives no answer for so long is as good as lost. */
const silenceMsMax = 60_000;

const nowMs = (): number => performance.timeOrigin + performance.now();

function report(line: ClientReport): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

class CounterClient {
  private readonly check = new CounterCheck();
  private input = '';
  private stopping = false;
  private silence: NodeJS.Timeout | null = null;

  constructor(private readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      this.received(text);
    });
    socket.on('error', (error) => {
      this.finish(error.message);
    });
    socket.on('close', () => {
      this.finish('the connection was closed');
    });
    process.stdin.on('end', () => {
      this.stopping = true;
    });
    process.stdin.resume();
    report({ type: 'connected', realtimeMs: nowMs() });
    setInterval(() => {
      const { answers, lastRealtimeMs } = this.check;
      report({ type: 'progress', answers, lastRealtimeMs });
    }, progressMs).unref();
    this.ask('get');
  }

  private ask(request: 'inc' | 'get'): void {
    if (this.silence !== null) clearTimeout(this.silence);
    this.silence = setTimeout(() => {
      this.finish(`no answer for ${silenceMsMax / 1000} s`);
    }, silenceMsMax);
    this.socket.write(`${request}\n`);
  }

  private received(text: string): void {
    this.input += text;
    for (;;) {
      const end = this.input.indexOf('\n');
      if (end < 0) return;
      const line = this.input.slice(0, end);
      this.input = this.input.slice(end + 1);
      this.answered(line);
    }
  }

  private answered(line: string): void {
    const over = this.check.answer(line, nowMs());
    if (over) {
      this.finish(null);
      return;
    }
    setTimeout(() => {
      const last = this.stopping;
      if (last) this.check.finalGet();
      this.ask(last ? 'get' : 'inc');
    }, pauseMs);
  }

  private finish(trouble: string | null): void {
    const result: ClientResult = {
      type: 'result',
      ...this.check.result(),
      connectionSurvived: trouble === null,
      trouble,
    };
    process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
    this.finish = () => undefined;
  }
}

function connectTo(host: string, port: number, triesLeft: number): void {
  const socket = connect({ host, port });
  const again = (): void => {
    socket.destroy();
    if (triesLeft <= 1) {
      process.stderr.write(`cannot connect to ${host} port ${port}\n`);
      process.exit(1);
    }
    setTimeout(() => {
      connectTo(host, port, triesLeft - 1);
    }, 200);
  };
  socket.setTimeout(connectTimeoutMs, again);
  socket.once('error', again);
  socket.once('connect', () => {
    socket.removeAllListeners();
    socket.setTimeout(0);
    new CounterClient(socket);
  });
}

connectTo(process.argv[2] ?? '127.0.0.1', Number(process.argv[3] ?? 7000), connectTriesMax);
