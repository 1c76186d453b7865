import { closeSync, fstatSync, openSync, writeSync } from 'node:fs';

import { VmftError } from '../base/errors.js';
import { eventJson } from '../host/replica/event-json.js';

/**
 * `--json-events FILE|FD`: one JSON object per line and event. Every line has `type` and `realtimeMs`
 * (milliseconds since 1970). Numbers beyond 2^53 are written as strings.
 */
export class EventStream {
  private constructor(private fd: number) {}

  /** `target` is a file, which is appended to, or the number of an open descriptor. Throws `usage`. */
  static open(target: string): EventStream {
    try {
      if (/^\d{1,5}$/.test(target)) {
        fstatSync(Number(target));
        return new EventStream(Number(target));
      }
      return new EventStream(openSync(target, 'a', 0o644));
    } catch (error) {
      const { code } = error as { code?: string };
      throw new VmftError(
        'usage',
        `cannot write events to ${target} (${code ?? String(error)})`,
        'name a file this user may write',
        error,
      );
    }
  }

  /** A reader that went away ends the stream, not the machine. */
  write(event: object): void {
    if (this.fd < 0) return;
    try {
      writeSync(this.fd, `${eventJson(event)}\n`);
    } catch (error) {
      if ((error as { code?: string }).code !== 'EAGAIN') this.fd = -1;
    }
  }

  close(): void {
    if (this.fd > 2) closeSync(this.fd);
    this.fd = -1;
  }
}
