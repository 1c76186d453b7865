import type { Clock } from '../../base/clock.js';

/** The host's clock and timers. */
export const systemClock: Clock = {
  nowMs: () => {
    // What native code calls host_monotonic_ns: the machine's outputs are held to times of this clock.
    const [seconds, nanoseconds] = process.hrtime();
    return seconds * 1000 + nanoseconds / 1e6;
  },
  realtimeMs: () => performance.timeOrigin + performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => {
      clearTimeout(timer);
    };
  },
  every(periodMs, run) {
    const timer = setInterval(run, periodMs);
    return () => {
      clearInterval(timer);
    };
  },
};
