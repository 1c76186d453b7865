/**
 * The one vocabulary of errors, shared with the native addon (native/addon maps its errors to these
 * codes; a test compares the lists) and the one table of exit statuses.
 *
 * Three kinds are told apart (house style): `internal` is a bug of ours; everything else is either the
 * environment, answered with one clear line and what to do, or an operating error that is handled.
 */

/** One exit status per fatal reason. 1 is left to Node for an uncaught exception, 128+n to signals. */
export const exitStatusByCode = {
  // The command line and the environment.
  usage: 2,
  'bad-address': 3,
  'config-unusable': 4,
  'kernel-unusable': 10,
  'initramfs-unusable': 11,
  'memory-too-small': 12,
  'memory-unavailable': 13,
  'tap-unavailable': 14,
  'namespace-unavailable': 15,
  'accelerator-unavailable': 16,
  'address-unavailable': 17,
  'tls-unusable': 18,

  // A replica's own disk failed: it leaves the pair. What a disk can be refused for is below.
  'disk-failed': 19,

  // The guest's own end, where it is not a clean one.
  'triple-fault': 20,
  'guest-reset': 21,

  // The accelerator's.
  'cannot-execute': 22,
  'counter-lost': 23,
  'position-missed': 24,
  'accelerator-failed': 25,

  // Disks.
  'disk-unusable': 26,
  'disk-in-use': 27,
  'disk-unavailable': 28,
  'disk-not-shared': 29,

  // Log files.
  'log-unreadable': 30,
  'log-not-a-log': 31,
  'log-version': 32,
  'log-truncated': 33,
  'log-corrupt': 34,
  'log-write-failed': 35,
  'log-guest-mismatch': 36,

  // Snapshot files; what is in them is an image (below).
  'snapshot-unreadable': 37,
  'snapshot-write-failed': 38,
  'snapshot-mismatch': 39,

  // Making and keeping a pair.
  'peer-unreachable': 40,
  'peer-refused': 41,
  'peer-lost': 42,
  'join-timeout': 43,
  'heartbeat-blocked': 44,
  'arbiter-unusable': 45,
  'arbiter-not-shared': 46,
  'arbiter-unreachable': 47,
  'arbitration-lost': 48,
  divergence: 49,

  // Messages of a peer; see wire.ts for who raises which.
  'message-malformed': 50,
  'message-too-large': 51,
  'message-unexpected': 52,
  'generation-old': 53,
  'generation-unknown': 54,
  'sequence-gap': 55,
  'sequence-repeated': 56,
  'ack-beyond-sent': 57,

  // The machine (thrown by the addon).
  'wrong-mode': 60,
  'bad-argument': 61,
  'frame-corrupt': 62,
  'frame-out-of-order': 63,
  'frame-generation': 64,
  'image-corrupt': 65,
  'image-version': 66,

  stopped: 69,
  internal: 70,

  // Daemons of hosts, and who asks them.
  'host-unreachable': 71,
  'certificate-refused': 72,
  'not-allowed': 73,
  'host-refused': 74,
  'no-host': 75,
  'machine-unknown': 76,
  'machine-exists': 77,
  'machine-busy': 78,
  'machine-not-live': 79,
  'not-protected': 80,
  'replica-failed': 81,
} as const;

export type ErrorCode = keyof typeof exitStatusByCode;

/** An error with a name from the vocabulary, one line that says what, and one that says what to do. */
export class VmftError extends Error {
  readonly code: ErrorCode;
  /** What the user can do about it; empty when there is nothing sensible to say. */
  readonly whatToDo: string;

  constructor(code: ErrorCode, message: string, whatToDo = '', cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'VmftError';
    this.code = code;
    this.whatToDo = whatToDo;
  }

  get exitStatus(): number {
    return exitStatusByCode[this.code];
  }
}

/** What the machine's methods throw (src/flow/machine/machine.ts). */
export class MachineError extends VmftError {
  constructor(code: ErrorCode, message: string, whatToDo = '', cause?: unknown) {
    super(code, message, whatToDo, cause);
    this.name = 'MachineError';
  }
}

export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(exitStatusByCode, code);
}

/**
 * Any thrown value as a {@link VmftError}. Errors of the addon carry a code of the vocabulary as a
 * plain property; anything without one is a bug and becomes `internal`.
 */
export function asVmftError(thrown: unknown): VmftError {
  if (thrown instanceof VmftError) return thrown;
  if (thrown instanceof Error) {
    const { code, whatToDo } = thrown as { code?: unknown; whatToDo?: unknown };
    const advice = typeof whatToDo === 'string' ? whatToDo : '';
    return new MachineError(isErrorCode(code) ? code : 'internal', thrown.message, advice, thrown);
  }
  return new VmftError('internal', String(thrown));
}

/** A check of our own reasoning, on in release builds: failing is a bug. */
export function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new VmftError('internal', `bug: ${message}`, 'please report this');
}
