import { destination, pino, stdTimeFunctions, type Logger } from 'pino';

export type { Logger } from 'pino';

export type LogLevel = 'silent' | 'error' | 'warn' | 'info' | 'debug' | 'trace';

/** One line of JSON per event on standard error; standard output belongs to the commands. */
export function createLogger(level: LogLevel): Logger {
  const target = destination({ dest: 2, sync: true });
  return pino({ level, base: null, timestamp: stdTimeFunctions.isoTime }, target);
}
