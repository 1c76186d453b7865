/**
 * Arbitration on a disk that both hosts see: `iscsi://host/target/lun`. The lecture's own place for it: the storage
 * that the two share, so that who cannot reach the arbiter cannot reach the disk either.
 *
 * One block of the disk's reserved area holds the newest generation of one machine, and changes only by compare and write
 * (SCSI COMPARE AND WRITE, as VMFS's ATS): an atomic step among all hosts.
 *
 *   empty                      ── form(g) ──► formed(g)
 *   formed(g)                  ── testAndSet(g) by r ──► taken(g, r); asked again: r has won, all others have lost
 *   formed(g), taken(g, r)     ── form(h), h > g ──► formed(h); of g, who formed h has won, all others have lost
 *   of another machine         refused, unless the reservation beside it says that this machine has the disk now
 *
 * The block is always read first, and what it says is believed: whether a write whose answer was lost was done shows there.
 * So does who won, to a replica that the winner has already shut out from writing.
 *
 * A flag is taken only of a generation that the block names. So a disk that was replaced, rolled back or cleared
 * (`vmft disk release`) stops a failover, instead of giving the same generation away twice.
 */
import { asVmftError, VmftError } from '../../base/errors.js';
import { reservationUse, readReservation } from '../../flow/world/disk-reservation.js';
import type { Disk } from '../../flow/world/disk.js';
import type { Arbiter, FlagEntry, FlagOutcome, FlagRequest } from './arbiter.js';
import { flagBlock, flagOf, readDiskFlag } from './disk-flag.js';
import { encodeFlagBlock, entriesOfFlag, type DiskFlag } from './flag-block.js';
import { formedByAnother, newFlagEntry } from './flag-record.js';

/** Each lost race is one step of somebody else, and there are few to take. */
const attemptsMax = 50;

export class IscsiArbiter implements Arbiter {
  readonly url: string;
  private disk: Promise<Disk> | null;
  private closed = false;

  /** `reopen` is for when the disk was lost; `disk` is given to the arbiter. */
  constructor(
    disk: Disk,
    private readonly reopen: () => Promise<Disk>,
  ) {
    this.url = disk.url;
    this.disk = Promise.resolve(disk);
  }

  /** Rejects with `arbiter-unusable` when the storage lacks COMPARE AND WRITE, or something else is in the block. */
  async prove(): Promise<void> {
    await this.withDisk(async (disk) => {
      if (!disk.supportsCompareAndWrite) {
        throw new VmftError(
          'arbiter-unusable',
          `${this.url} cannot arbitrate: its target has no COMPARE AND WRITE`,
          'use another target, or another kind of arbiter',
        );
      }
      const block = await disk.readReserved(flagBlock);
      flagOf(block, this.url);
      // Whatever it answers: this host may compare and write.
      await disk.compareAndWrite(flagBlock, block, block);
    });
  }

  async testAndSet(request: FlagRequest): Promise<FlagOutcome> {
    const { machineId, generation, replicaId } = request;
    const { host, at } = newFlagEntry('taken', request);
    const mark = { replicaId, host, at };
    return this.step<FlagOutcome>((flag) => {
      if (flag === null || flag.machineId !== machineId || flag.generation < generation) {
        throw this.notFormed(request, flag);
      }
      const winner =
        flag.generation > generation ? flag.formed.replicaId : (flag.taken?.replicaId ?? null);
      if (winner === null) return { desired: { ...flag, taken: mark }, answer: { kind: 'won' } };
      return {
        desired: null,
        answer: winner === replicaId ? { kind: 'won' } : { kind: 'lost', winner },
      };
    });
  }

  async form(request: FlagRequest): Promise<void> {
    const { machineId, generation, replicaId } = request;
    const { host, at } = newFlagEntry('formed', request);
    const mark = { replicaId, host, at };
    const desired = { machineId, generation, formed: mark, taken: null };
    return this.step<void>(async (flag, disk) => {
      if (flag !== null && flag.machineId !== machineId)
        await this.requireStale(flag, request, disk);
      else if (flag !== null && flag.generation >= generation) {
        const again = flag.generation === generation && flag.formed.replicaId === replicaId;
        if (!again) throw formedByAnother(request);
        return { desired: null, answer: undefined };
      }
      return { desired, answer: undefined };
    });
  }

  async sees(machineId: string, generation: bigint): Promise<boolean> {
    const flag = await this.flag();
    return flag?.machineId === machineId && flag.generation === generation;
  }

  async read(machineId: string | null): Promise<FlagEntry[]> {
    const flag = await this.flag();
    if (flag === null || (machineId !== null && flag.machineId !== machineId)) return [];
    return entriesOfFlag(flag);
  }

  close(): void {
    this.closed = true;
    this.giveUpDisk();
  }

  private flag(): Promise<DiskFlag | null> {
    return this.withDisk(readDiskFlag);
  }

  /** Reads the block and changes it as decided, again if it changed meanwhile. */
  private step<Answer>(
    decide: (flag: DiskFlag | null, disk: Disk) => Step<Answer> | Promise<Step<Answer>>,
  ): Promise<Answer> {
    return this.withDisk(async (disk) => {
      for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
        const block = await disk.readReserved(flagBlock);
        const { desired, answer } = await decide(flagOf(block, this.url), disk);
        if (desired === null) return answer;
        const next = encodeFlagBlock(desired, disk.blockBytes);
        if (await disk.compareAndWrite(flagBlock, block, next)) return answer;
      }
      throw new VmftError('arbiter-unreachable', `the flag on ${this.url} changes all the time`);
    });
  }

  private async withDisk<T>(run: (disk: Disk) => Promise<T>): Promise<T> {
    if (this.closed) throw new VmftError('arbiter-unreachable', `${this.url} was closed`);
    const used = (this.disk ??= this.opened());
    try {
      return await run(await used);
    } catch (thrown) {
      const error = arbiterError(thrown);
      if (error.code === 'arbiter-unreachable' && this.disk === used) this.giveUpDisk();
      throw error;
    }
  }

  private opened(): Promise<Disk> {
    const disk = this.reopen();
    disk.catch(() => {
      if (this.disk === disk) this.disk = null;
    });
    return disk;
  }

  private giveUpDisk(): void {
    const given = this.disk;
    this.disk = null;
    given?.then(
      (disk) => {
        disk.close();
      },
      () => undefined,
    );
  }

  /** The flag of a machine that has given up the disk to ours may be replaced. */
  private async requireStale(
    flag: DiskFlag,
    { machineId }: FlagRequest,
    disk: Disk,
  ): Promise<void> {
    const reservation = await readReservation(disk);
    if (reservation?.state === 'in-use' && reservation.machineId === machineId) return;
    const use = reservation === null ? '' : ` (the disk is ${reservationUse(reservation)})`;
    throw this.ofAnother(flag, use);
  }

  private notFormed({ machineId, generation }: FlagRequest, flag: DiskFlag | null): VmftError {
    if (flag !== null && flag.machineId !== machineId) return this.ofAnother(flag, '');
    return new VmftError(
      'arbiter-unusable',
      `${this.url} does not know generation ${generation} of machine ${machineId}: cleared, or not the disk that it was`,
      'bring the disk back as it was; if it is lost, stop both replicas and start the machine anew',
    );
  }

  private ofAnother({ machineId, generation, formed, taken }: DiskFlag, use: string): VmftError {
    const { host, at } = taken ?? formed;
    return new VmftError(
      'arbiter-unusable',
      `${this.url} arbitrates for machine ${machineId}, generation ${generation}, since ${at}, by ${host}${use}`,
      `if that machine is gone: vmft disk release ${this.url}`,
    );
  }
}

interface Step<Answer> {
  /** null: the block is as it should be. */
  readonly desired: DiskFlag | null;
  readonly answer: Answer;
}

/** A disk's error as an arbiter's. */
export function arbiterError(thrown: unknown): VmftError {
  const error = asVmftError(thrown);
  const { code, message, whatToDo } = error;
  switch (code) {
    case 'disk-unavailable':
      return new VmftError(
        'arbiter-unreachable',
        message,
        'bring the storage back; vmft tries again by itself',
        error,
      );
    case 'disk-unusable':
    case 'disk-in-use':
      return new VmftError('arbiter-unusable', message, whatToDo, error);
    default:
      return error;
  }
}
