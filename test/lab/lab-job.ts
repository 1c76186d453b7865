import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';

export const jobStreams = ['stdout', 'stderr', 'events'] as const;
export type JobStream = (typeof jobStreams)[number];

/** How a job ended. */
export interface JobEnd {
  /** The script's exit status; null when the host died or the time was over. */
  readonly status: number | null;
  readonly reason: 'ended' | 'host-gone' | 'timeout' | 'killed';
}

export interface JobWatch {
  readonly onOutput?: (stream: JobStream, bytes: Buffer) => void;
  /** Everything is over then, whatever runs; null: no limit but the host's life. */
  readonly timeoutMs: number | null;
}

/** What a job asks of its host. */
export interface JobHost {
  readonly alive: boolean;
  order(line: string): void;
}

const pollMs = 20;
const readBytes = 65_536;

/**
 * A script that runs in a host. Its output comes by files of a folder that both sides see, which are read here as
 * they grow: standard output, standard error, and `events`, its descriptor 3.
 */
export class LabJob {
  /** What came so far. */
  readonly output: Record<JobStream, string> = { stdout: '', stderr: '', events: '' };
  readonly ended: Promise<JobEnd>;
  private readonly files = new Map<JobStream, { fd: number; offset: number }>();
  private readonly timer: NodeJS.Timeout;
  private settle: (end: JobEnd) => void = () => undefined;
  private over = false;

  constructor(
    private readonly host: JobHost,
    readonly name: string,
    private readonly folder: string,
    private readonly watch: JobWatch,
  ) {
    this.ended = new Promise((resolve) => {
      this.settle = resolve;
    });
    const startedMs = performance.now();
    this.timer = setInterval(() => {
      this.look(performance.now() - startedMs);
    }, pollMs);
  }

  /** SIGKILL to the whole job. */
  kill(): void {
    if (this.over) return;
    if (this.host.alive) this.host.order(`kill ${this.name}`);
    this.end({ status: null, reason: 'killed' });
  }

  private look(elapsedMs: number): void {
    // The status is written last: what is read after it is seen is everything.
    const status = readStatus(join(this.folder, 'status'));
    const { alive } = this.host;
    this.readAll();
    if (status !== null) this.end({ status, reason: 'ended' });
    else if (!alive) this.end({ status: null, reason: 'host-gone' });
    else if (this.watch.timeoutMs !== null && elapsedMs > this.watch.timeoutMs) {
      this.host.order(`kill ${this.name}`);
      this.end({ status: null, reason: 'timeout' });
    }
  }

  private end(end: JobEnd): void {
    if (this.over) return;
    this.over = true;
    clearInterval(this.timer);
    this.readAll();
    for (const { fd } of this.files.values()) closeSync(fd);
    this.files.clear();
    this.settle(end);
  }

  private readAll(): void {
    const buffer = Buffer.alloc(readBytes);
    for (const stream of jobStreams) {
      const file = this.file(stream);
      if (file === null) continue;
      for (;;) {
        const bytes = readSync(file.fd, buffer, 0, readBytes, file.offset);
        if (bytes === 0) break;
        file.offset += bytes;
        const chunk = Buffer.from(buffer.subarray(0, bytes));
        this.output[stream] += chunk.toString('latin1');
        this.watch.onOutput?.(stream, chunk);
      }
    }
  }

  private file(stream: JobStream): { fd: number; offset: number } | null {
    const known = this.files.get(stream);
    if (known !== undefined) return known;
    const path = join(this.folder, stream);
    if (this.over || !existsSync(path)) return null;
    const opened = { fd: openSync(path, 'r'), offset: 0 };
    this.files.set(stream, opened);
    return opened;
  }
}

function readStatus(path: string): number | null {
  try {
    return Number(readFileSync(path, 'utf8').trim());
  } catch {
    return null;
  }
}
