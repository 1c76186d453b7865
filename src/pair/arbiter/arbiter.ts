/**
 * Storage that both hosts see, with one flag per machine and generation that can be taken once. It is
 * what makes two live replicas impossible (FT paper §2.4: an atomic test-and-set on the shared storage;
 * design §6).
 *
 * Every method rejects with a VmftError (src/base/errors.ts): `arbiter-unreachable` when storage does not answer (try
 * again), `arbiter-unusable` when it cannot serve (a directory that does not exist, a disk of another machine, a
 * password that is wrong).
 */
export interface Arbiter {
  /** As named by the user, without a password. */
  readonly url: string;

  /**
   * Takes the generation's flag for this replica, or learns who has it. Asking again gives the same answer,
   * also after an attempt whose outcome was never heard. Resolves only once the flag is durable. Asked only for a
   * generation that was formed, and by its two replicas.
   */
  testAndSet(request: FlagRequest): Promise<FlagOutcome>;

  /** Leaves a mark that the generation is being formed. Proves that the storage serves. */
  form(request: FlagRequest): Promise<void>;

  /** Whether the mark of {@link form} can be seen from here: whether both hosts see the same storage. */
  sees(machineId: string, generation: bigint): Promise<boolean>;

  /** Every flag and mark of a machine, or of all, for `status`. */
  read(machineId: string | null): Promise<FlagEntry[]>;

  /** Gives up connections and files; what is under way may fail. Idempotent. */
  close(): void;
}

export interface FlagRequest {
  readonly machineId: string;
  readonly generation: bigint;
  readonly replicaId: string;
}

export type FlagOutcome =
  { readonly kind: 'won' } | { readonly kind: 'lost'; readonly winner: string };

export interface FlagEntry {
  readonly kind: 'formed' | 'taken';
  readonly machineId: string;
  readonly generation: bigint;
  readonly replicaId: string;
  readonly host: string;
  /** ISO 8601, by the writer's clock. */
  readonly at: string;
}
