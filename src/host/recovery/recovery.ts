import type { HostDescription, ReplicaDescription } from '../api/methods.js';
import { isLive, type MachineRecord } from '../machine/machine-record.js';
import { mayHave } from '../machine/machine-spec.js';

/** What becomes of a machine whose process is gone here without an end of its own. */
export type Recovery =
  /** It is not this host's any more. */
  | { readonly do: 'forget'; readonly because: string }
  /** Nothing for now; asked again in a while. */
  | { readonly do: 'wait'; readonly because: string }
  /** This host had it last, and nobody else has it: it starts from its disks. */
  | { readonly do: 'start' };

export interface RecoveryQuestion {
  readonly record: Pick<MachineRecord, 'spec' | 'role' | 'replicaId' | 'generation'>;
  /** All other hosts of the cluster, as they answered. */
  readonly others: readonly HostDescription[];
  /**
   * The replica that was live last, by the arbiter's newest generation; null: no pair was ever formed. An error's text
   * when the arbiter could not be asked.
   */
  readonly lastLive: { readonly replicaId: string | null } | { readonly unknown: string };
}

/**
 * After a crash, of a process or of the whole host, a machine must neither stay down for nothing nor run twice. What
 * other hosts run is known only by asking them, so every host that may have it has to answer. Who was live last is in the
 * arbiter's newest generation: who won its flag, else who formed it. That matters for private disks, since
 * the other one's are older.
 */
export function decideRecovery(question: RecoveryQuestion): Recovery {
  const { record, lastLive } = question;
  const { spec } = record;
  const others = question.others.filter(({ name }) => mayHave(spec, name));
  const elsewhere = others.flatMap((host) =>
    host.replicas
      .filter((replica) => replica.spec?.name === spec.name)
      .map((replica) => ({ host: host.name, replica })),
  );
  const live = elsewhere.find(({ replica }) => isLive(replica.role));
  if (live !== undefined) return { do: 'forget', because: `${live.host} has it live` };
  const same = elsewhere.filter(({ replica }) => replica.spec?.machineId === spec.machineId);
  const ended = same.find(({ replica }) => replica.role === 'stopped');
  if (ended !== undefined) return { do: 'forget', because: `it ended on ${ended.host}` };
  const running = same.find(({ replica }) => runs(replica));
  if (running !== undefined) {
    return { do: 'wait', because: `the backup on ${running.host} has not gone live yet` };
  }
  const silent = others.filter(({ unreachable }) => unreachable !== '').map(({ name }) => name);
  if (silent.length > 0) {
    return { do: 'wait', because: `${silent.join(', ')} may have it, and does not answer` };
  }
  if ('unknown' in lastLive) {
    return { do: 'wait', because: `who had it last is not known: ${lastLive.unknown}` };
  }
  const last = lastLive.replicaId;
  if (last === null) {
    return isLive(record.role)
      ? { do: 'start' }
      : { do: 'wait', because: 'it was never live here; start it where its disks are' };
  }
  if (last === record.replicaId) return { do: 'start' };
  const holder = same.find(({ replica }) => replica.replicaId === last);
  if (holder !== undefined) return { do: 'wait', because: `${holder.host} had it last` };
  return {
    do: 'wait',
    because: `replica ${last.slice(0, 8)} had it last, which no host knows; start it where its disks are newest`,
  };
}

function runs({ role }: ReplicaDescription): boolean {
  return role === 'backup' || role === 'joining' || role === 'starting';
}
