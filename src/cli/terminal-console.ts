import type { ReadStream } from 'node:tty';

/** What a user may ask for at the terminal, after the escape character. */
export interface ConsoleActions {
  input(bytes: Buffer): void;
  /** `power-off`: at once, by the log; `power-button`: the guest is asked. */
  power(kind: 'power-off' | 'power-button'): void;
  /** End this replica only; of a machine on hosts: the look at its console. */
  leave(): void;
}

const escape = 0x1d; // Ctrl-]
const newline = '\r\n';

export const escapeHelp = helpFor('end this replica only');

/** What may follow the escape, where `x` does this. */
export function helpFor(leaving: string): string {
  return `Ctrl-] then: q power off, b power button, x ${leaving}, Ctrl-] send Ctrl-] itself`;
}

/**
 * The guest's console on standard input and output. A terminal is put into raw mode, so that every key
 * but the escape goes to the guest; from a pipe or file all bytes go to it, and their end means nothing.
 */
export class TerminalConsole {
  private escaped = false;
  private readonly tty: ReadStream | null;
  private outputGone = false;
  private atLineStart = true;

  constructor(
    private readonly actions: ConsoleActions,
    private readonly help = escapeHelp,
  ) {
    this.tty = process.stdin.isTTY ? process.stdin : null;
    process.stdout.on('error', () => {
      this.outputGone = true;
    });
  }

  start(): void {
    if (this.tty !== null) {
      this.tty.setRawMode(true);
      this.notice(this.help);
    }
    process.stdin.on('data', (bytes: Buffer) => {
      if (this.tty === null) this.actions.input(bytes);
      else this.typed(bytes);
    });
    process.stdin.on('error', () => undefined);
  }

  write(bytes: Buffer): void {
    if (this.outputGone || bytes.length === 0) return;
    this.atLineStart = bytes[bytes.length - 1] === 0x0a;
    process.stdout.write(bytes);
  }

  /** A line of our own, to standard error. */
  notice(text: string): void {
    const fresh = this.tty !== null && !this.atLineStart ? newline : '';
    const end = this.tty === null ? '\n' : newline;
    process.stderr.write(`${fresh}vmft: ${text.replaceAll('\n', end)}${end}`);
    this.atLineStart = true;
  }

  stop(): void {
    process.stdin.pause();
    if (this.tty === null) return;
    this.tty.setRawMode(false);
    if (!this.atLineStart && !this.outputGone) process.stdout.write('\n');
  }

  private typed(bytes: Buffer): void {
    const plain: number[] = [];
    for (const byte of bytes) {
      if (this.escaped) {
        this.escaped = false;
        this.command(byte, plain);
      } else if (byte === escape) {
        this.escaped = true;
      } else {
        plain.push(byte);
      }
    }
    if (plain.length > 0) this.actions.input(Buffer.from(plain));
  }

  private command(byte: number, plain: number[]): void {
    switch (String.fromCharCode(byte)) {
      case 'q':
        this.actions.power('power-off');
        return;
      case 'b':
        this.actions.power('power-button');
        return;
      case 'x':
        this.actions.leave();
        return;
      case '\x1d':
        plain.push(escape);
        return;
      default:
        this.notice(this.help);
    }
  }
}
