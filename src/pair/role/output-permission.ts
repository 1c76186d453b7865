import type { PairSettings } from '../../base/limits.js';
import { SequenceQueue } from '../../base/sequence-queue.js';

/**
 * How long a primary may show outputs: not after its backup may have gone live.
 *
 * The problem. The gate (src/flow/output/gate.ts) makes a released output *right*: the backup has what it follows from. But a
 * primary that stood still (stopped, starved, on a host that was suspended) wakes with acknowledgements in its sockets
 * from before, and would act on them although the backup went live meanwhile. What it then shows is true, and
 * shown by the backup as well; still two machines with one address talk, and switches learn the wrong port.
 *
 * The idea is a lease. A backup goes live only after a silence of `suspectAfterMs`, or `suspectAfterBrokenChannelMs`, or
 * `brokenChannelPatienceMs` after a channel that broke (failover-table.ts); it says in Hello which is the least of them by its own settings. So a backup that answers to something was not live when that
 * something came, and will not be for the least of the three after that. The primary knows when it sent it; that is earlier still. What
 * is answered is a segment, by its acknowledgement, or a heartbeat, by its number in the backup's next one (`echo`). The
 * permission ends a fixed time after the newest thing answered was *sent*, on this host's clock alone: no two clocks are compared, and what
 * is late, a message or this process, makes it shorter. It is checked where each output leaves (native/output/output_queue.cpp),
 * since a process may be stopped between any two instructions.
 *
 * Outputs found without permission wait for the next. An acknowledgement that is on time brings its own, so nothing waits in a pair that works;
 * the echoes serve one whose acknowledgements are late because much of the log is on its way, and an idle guest.
 *
 * What is rejected. To notice having stood still by the lateness of timers misses a stop between that look and the output, and
 * knows nothing of messages that the network held. A lease by the backup's clock would compare two clocks.
 */
export class OutputPermission {
  private readonly lastingMs: number;
  /** When each was sent. */
  private readonly segments = new SequenceQueue<number>();
  private readonly beats: { readonly counter: bigint; readonly sentMs: number }[] = [];
  private untilMsNow = -Infinity;

  /** See {@link liveAfterMsOf}. */
  constructor(backupLiveAfterMs: number) {
    this.lastingMs = permissionMs(backupLiveAfterMs);
  }

  /** On the clock of the times given; -Infinity before anything was answered. */
  get untilMs(): number {
    return this.untilMsNow;
  }

  segmentSent(sequence: bigint, nowMs: number): void {
    this.segments.append(sequence, nowMs);
  }

  /** The backup has answered to every segment up to `sequence`. */
  acknowledged(sequence: bigint): void {
    this.segments.take(sequence, (sentMs) => {
      this.answered(sentMs);
    });
  }

  beatSent(counter: bigint, nowMs: number): void {
    this.beats.push({ counter, sentMs: nowMs });
    // An answer to an older one would come too late to permit anything.
    while ((this.beats[0]?.sentMs ?? nowMs) < nowMs - this.lastingMs) this.beats.shift();
  }

  /** The newest heartbeat that the backup has heard; 0: none. True when that is news. */
  echoed(counter: bigint): boolean {
    const before = this.untilMsNow;
    for (let beat = this.beats[0]; beat !== undefined && beat.counter <= counter;) {
      this.answered(beat.sentMs);
      this.beats.shift();
      beat = this.beats[0];
    }
    return this.untilMsNow > before;
  }

  private answered(sentMs: number): void {
    this.untilMsNow = Math.max(this.untilMsNow, sentMs + this.lastingMs);
  }
}

/** Less than the time after which the backup may go live, by a fifth: for clocks that run unequally, and the way to the wire. */
export function permissionMs(backupLiveAfterMs: number): number {
  return 0.8 * backupLiveAfterMs;
}

/** The shortest time after anything that came from its primary at which a backup with these settings goes live; its Hello says it. */
export function liveAfterMsOf(settings: PairSettings): number {
  const { suspectAfterMs, suspectAfterBrokenChannelMs, brokenChannelPatienceMs } = settings;
  return Math.floor(Math.min(suspectAfterMs, suspectAfterBrokenChannelMs, brokenChannelPatienceMs));
}
