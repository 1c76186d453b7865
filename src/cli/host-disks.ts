import { asVmftError, VmftError } from '../base/errors.js';
import type { Random } from '../base/random.js';
import type { GuestConfig, GuestDisk, Machine } from '../flow/machine/machine.js';
import type { Disk, OpenDisk } from '../flow/world/disk.js';
import {
  claimReservation,
  freeReservation,
  markCopied,
  markCopying,
  readReservation,
  type DiskUser,
  type Reservation,
} from '../flow/world/disk-reservation.js';
import { isGuestEnd, type SessionEnd, type StampedPairEvent } from '../pair/role/pair-event.js';
import { nativeDiskOf, openDisk } from '../flow/world/open-disk.js';
import { systemRandom } from '../flow/world/system-random.js';
import type { CopiedDisk, DiskPort } from '../pair/session/ports.js';
import type { SessionStatus } from '../pair/session/session.js';
import { requireCopyRoom, requireSameDisk } from './backup-disk.js';
import type { DiskOption } from './options/disk.js';

/** What a host's disks need from outside. */
export interface HostDiskParts {
  readonly openDisk: OpenDisk;
  readonly random: Random;
  /** Things that went wrong and do not matter enough to stop for. */
  readonly onTrouble: (message: string) => void;
}

/** This host's own. */
export const hostDiskParts: HostDiskParts = {
  openDisk,
  random: systemRandom,
  onTrouble: (message) => {
    process.stderr.write(`vmft: note: ${message}\n`);
  },
};

/**
 * The disks that this host has of one machine, opened, with what their reservations say about it:
 *
 *   a primary's     claimed before the machine is made; freed when the machine is gone for good.
 *   a backup's      opened when the primary has said what the machine is (`prepare`). Its own copies are marked
 *                   as being copied, and as the machine's once the pair is formed. When it goes live, shared disks
 *                   name it instead of the dead primary; that is for people to read, so it may fail.
 */
export class HostDisks implements DiskPort {
  private disks: OwnDisk[] = [];
  private user: DiskUser = { machineId: '', replicaId: '' };
  /** What is under way on reservations: one thing after the other. */
  private work: Promise<void> = Promise.resolve();

  private constructor(
    private readonly urls: readonly string[],
    private readonly parts: HostDiskParts,
  ) {}

  /** Rejects as {@link OpenDisk} and with `disk-in-use`; then nothing is left claimed. */
  static async claimed(
    options: readonly DiskOption[],
    readsOnBackup: boolean,
    user: DiskUser,
    parts: HostDiskParts,
  ): Promise<HostDisks> {
    const disks = new HostDisks([], parts);
    disks.user = user;
    const opened: Disk[] = [];
    try {
      // All are opened before the first is written to: most of what is wrong shows there.
      for (const option of options) opened.push(await disks.openToClaim(option));
      for (const [index, option] of options.entries()) {
        const disk = opened.shift();
        if (disk !== undefined) await disks.claim(index, option, readsOnBackup, disk);
      }
    } catch (thrown) {
      for (const disk of opened) disk.close();
      await disks.abandon();
      throw asVmftError(thrown);
    }
    return disks;
  }

  /** `urls`: all of the machine's disks in the primary's order, or its private ones, or none. */
  static forBackup(urls: readonly string[], parts: HostDiskParts): HostDisks {
    return new HostDisks(urls, parts);
  }

  get guestDisks(): readonly GuestDisk[] {
    return this.disks.map(({ guest }) => guest);
  }

  opened(index: number): CopiedDisk | null {
    return this.disks[index]?.disk ?? null;
  }

  attachTo(machine: Machine): void {
    this.disks.forEach(({ disk }, index) => {
      machine.attachDisk(index, disk);
    });
  }

  prepare(
    config: GuestConfig,
    user: DiskUser,
    primary: DiskUser,
    done: (error: VmftError | null) => void,
  ): void {
    this.work = this.work.then(async () => {
      // A replica that is rebuilt opens them anew.
      this.close();
      this.user = user;
      try {
        const urls = urlsFor(config.disks, this.urls);
        for (const [index, guest] of config.disks.entries()) {
          await this.openForBackup(index, guest, urls[index] ?? null, primary);
        }
      } catch (thrown) {
        this.close();
        done(asVmftError(thrown));
        return;
      }
      done(null);
    });
  }

  /** Keeps the reservations true to what becomes of the pair. */
  observe(event: StampedPairEvent): void {
    const { random } = this.parts;
    if (event.type === 'formed' && event.role === 'backup') {
      this.each(({ disk, guest }, user) =>
        guest.holding === 'private' ? markCopied(disk, user, random) : null,
      );
    }
    if (event.type === 'live') {
      this.each(async ({ disk }, user) => {
        const found = await readReservation(disk);
        await claimReservation(disk, user, random, found?.replicaId ?? null);
      });
    }
  }

  /** The session ended: what nobody uses any more is free, and all are closed. */
  async conclude(role: SessionStatus['role'], end: SessionEnd): Promise<void> {
    const { random } = this.parts;
    // A guest's end is the machine's end on every replica; a replica that is alone takes the machine with it.
    const guestEnded = isGuestEnd(end.reason);
    const gone = role === 'alone' || (role === 'primary' && guestEnded);
    this.each(({ disk, guest }, user) =>
      gone || (guestEnded && guest.holding === 'private')
        ? freeReservation(disk, user, random)
        : null,
    );
    await this.work;
    this.close();
  }

  /** The machine was never started. */
  async abandon(): Promise<void> {
    this.each(({ disk }, user) => freeReservation(disk, user, this.parts.random));
    await this.work;
    this.close();
  }

  private openToClaim({ url, holding, readOnly }: DiskOption): Promise<Disk> {
    return this.parts.openDisk(url, {
      readOnly,
      holding,
      claim: lockedAtOpening(url),
      holder: this.user.replicaId,
      timeoutMs: openTimeoutMs,
    });
  }

  /** When it throws, `disk` is closed, or among those to be abandoned. */
  private async claim(
    index: number,
    { holding, readOnly, serial }: DiskOption,
    readsOnBackup: boolean,
    disk: Disk,
  ): Promise<void> {
    const { random } = this.parts;
    let reservation: Reservation | null;
    try {
      // A disk that nobody writes may have any number of readers.
      reservation = readOnly
        ? await readReservation(disk)
        : await claimReservation(disk, this.user, random);
    } catch (thrown) {
      disk.close();
      throw thrown;
    }
    const uuid = reservation?.uuid ?? '';
    const guest: GuestDisk = {
      capacityBytes: disk.capacityBytes,
      blockBytes: disk.blockBytes,
      holding,
      readOnly,
      readsOnBackup,
      serial: serial ?? `vmft-disk-${index}`,
      url: disk.url,
      uuid,
    };
    const own = { disk, guest, uuid };
    this.disks.push(own);
    if (readOnly) return;
    this.requireNamedOnce(disk, uuid, own);
    await takeNow(disk);
  }

  private async openForBackup(
    index: number,
    guest: GuestDisk,
    url: string | null,
    primary: DiskUser,
  ): Promise<void> {
    const { openDisk, random } = this.parts;
    const copied = guest.holding === 'private';
    // Nothing that is not a disk of vmft's is opened because a peer says so.
    if (url === null && guest.uuid === '') throw notNamed(index, guest);
    let disk: Disk;
    try {
      disk = await openDisk(url ?? guest.url, {
        readOnly: guest.readOnly && !copied,
        holding: guest.holding,
        claim: (copied || guest.readOnly) && lockedAtOpening(url ?? guest.url),
        holder: this.user.replicaId,
        timeoutMs: openTimeoutMs,
      });
    } catch (thrown) {
      throw url === null ? notSeenHere(index, asVmftError(thrown)) : thrown;
    }
    const own = { disk, guest, uuid: guest.uuid };
    this.disks.push(own);
    if (copied) {
      requireCopyRoom(index, guest, disk);
      const { uuid } = await markCopying(disk, this.user, primary, random);
      this.requireNamedOnce(disk, uuid, own);
      own.uuid = uuid;
      await takeNow(disk);
    } else {
      const reservation = await readReservation(disk);
      requireSameDisk(index, guest, disk, reservation, this.user.machineId);
    }
  }

  /** `own`: itself. Throws `usage`. */
  private requireNamedOnce(disk: Disk, uuid: string, own: OwnDisk): void {
    if (!this.disks.some((each) => each !== own && each.uuid === uuid)) return;
    throw new VmftError(
      'usage',
      `${disk.url} is named twice: it can be one disk of the guest’s only`,
      'name another disk',
    );
  }

  /** Of those whose reservation counts, one after the other; what fails is told. */
  private each(run: (own: OwnDisk, user: DiskUser) => Promise<unknown> | null): void {
    const { disks, user } = this;
    this.work = this.work.then(async () => {
      for (const own of disks) {
        if (own.guest.readOnly && own.guest.holding === 'shared') continue;
        try {
          await run(own, user);
        } catch (thrown) {
          const { message } = asVmftError(thrown);
          this.parts.onTrouble(`the reservation of ${own.disk.url} is not up to date: ${message}`);
        }
      }
    });
  }

  private close(): void {
    for (const { disk } of this.disks) disk.close();
    this.disks = [];
  }
}

interface OwnDisk {
  readonly disk: Disk;
  readonly guest: GuestDisk;
  /** From its reservation; empty where it has none. A copy has another than the guest's disk. */
  uuid: string;
}

const openTimeoutMs = 5_000;

/**
 * Files and block devices are locked when they are opened. A LUN is claimed when its reservation says that it may be: a target
 * may have forgotten who holds it, and an earlier claim would shut out the machine that uses it.
 */
function lockedAtOpening(url: string): boolean {
  return !url.startsWith('iscsi:');
}

/**
 * Its reservation says that it is ours. A LUN may still be held, in storage, by a replica that crashed, or that hangs and
 * writes on: it is taken from that one before anything is written.
 */
async function takeNow(disk: Disk): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const why = disk.trouble();
      const message = `${disk.url} cannot be claimed${why === '' ? '' : `: ${why}`}`;
      reject(new VmftError('disk-unavailable', message));
    }, openTimeoutMs);
  });
  try {
    await Promise.race([nativeDiskOf(disk).claim(), tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

/** A URL for each of the machine's disks; null where the primary's serves. Throws `usage`. */
function urlsFor(disks: readonly GuestDisk[], urls: readonly string[]): (string | null)[] {
  if (urls.length === disks.length) return [...urls];
  const privates = disks.filter(({ holding }) => holding === 'private').length;
  if (urls.length !== privates) {
    throw new VmftError(
      'usage',
      `of the machine’s disks ${privates === 1 ? '1 is' : `${privates} are`} private, and ${urls.length} were named here`,
      'name all of them with --disk, in the primary’s order, or the private ones only',
    );
  }
  const left = [...urls];
  return disks.map(({ holding }) => (holding === 'private' ? (left.shift() ?? null) : null));
}

function notNamed(index: number, { url }: GuestDisk): VmftError {
  return new VmftError(
    'usage',
    `the primary’s disk ${index} (${url}) was never used by vmft, so it cannot be told from another`,
    'name it with --disk',
  );
}

function notSeenHere(index: number, error: VmftError): VmftError {
  return new VmftError(
    error.code,
    `the primary’s disk ${index} cannot be used here: ${error.message}`,
    'name it as this host sees it, with --disk',
    error,
  );
}
