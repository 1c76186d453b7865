import type { Clock } from '../../base/clock.js';

/** The host's clock and timers. */
export const systemClock: Clock = {
  nowMs: () => performance.now(),
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
