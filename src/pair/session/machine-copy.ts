import type { Clock } from '../../base/clock.js';
import type { PairSettings } from '../../base/limits.js';
import type { GuestConfig, Machine } from '../../flow/machine/machine.js';
import type { Action, RoleEvent } from '../role/role.js';
import type { PrivateDisk } from './disk-copy.js';
import { MachineCopyIntake } from './machine-copy-intake.js';
import { MachineCopySender } from './machine-copy-sender.js';
import type { DiskPort, PeerLink } from './ports.js';

export type CopyAction = Extract<
  Action,
  {
    do:
      | 'copy'
      | 'copied'
      | 'finish-copy'
      | 'stop-copy'
      | 'clear-disks'
      | 'take-chunk'
      | 'restore-state'
      | 'flush-disks';
  }
>;

export function isCopyAction(action: Action): action is CopyAction {
  return copyActions.has(action.do);
}

const copyActions: ReadonlySet<Action['do']> = new Set<CopyAction['do']>([
  'copy',
  'copied',
  'finish-copy',
  'stop-copy',
  'clear-disks',
  'take-chunk',
  'restore-state',
  'flush-disks',
]);

/** A replica's part in the copying of a machine: it sends its own, or takes another's in. */
export class MachineCopy {
  private sender: MachineCopySender | null = null;
  private intake: MachineCopyIntake | null = null;

  constructor(
    private readonly disks: DiskPort,
    private readonly clock: Clock,
    private readonly settings: PairSettings,
    private readonly dispatch: (event: RoleEvent) => void,
  ) {}

  /** A joining backup's machine is made. */
  receive(machine: Machine): void {
    this.intake = new MachineCopyIntake(machine, this.privateDisks(machine.config), {
      taken: (chunks, bytes) => {
        this.dispatch({ type: 'chunks-taken', chunks, bytes });
      },
      restored: () => {
        this.dispatch({ type: 'restored' });
      },
      failed: (error) => {
        this.dispatch({ type: 'copy-failed', error });
      },
    });
  }

  perform(action: CopyAction, machine: Machine, link: PeerLink | undefined): void {
    switch (action.do) {
      case 'copy':
        if (link !== undefined) this.send(machine, link);
        return;
      case 'copied': {
        const error = this.sender?.taken(action.chunks) ?? null;
        if (error !== null) this.dispatch({ type: 'copy-failed', error });
        return;
      }
      case 'finish-copy':
        this.sender?.finish(action.generation);
        return;
      case 'stop-copy':
        this.stopSending();
        return;
      case 'clear-disks':
        this.intake?.clear();
        return;
      case 'take-chunk':
        this.intake?.take(action.chunk);
        return;
      case 'restore-state':
        this.intake?.restoreState(action.state);
        return;
      case 'flush-disks':
        this.intake?.flush(() => {
          this.dispatch({ type: 'disks-flushed' });
        });
    }
  }

  /** Leaves the machine as it was. Idempotent. */
  stopSending(): void {
    this.sender?.stop();
    this.sender = null;
  }

  /** Idempotent. */
  stop(): void {
    this.stopSending();
    this.intake?.stop();
  }

  private send(machine: Machine, link: PeerLink): void {
    const { clock, settings } = this;
    const disks = this.privateDisks(machine.config);
    this.sender = new MachineCopySender({
      ...{ machine, disks, link, clock, settings },
      events: {
        status: (copy) => {
          this.dispatch({ type: 'copy-status', copy });
        },
        settled: () => {
          this.dispatch({ type: 'copy-settled' });
        },
        sent: (sentBytes) => {
          this.dispatch({ type: 'copy-sent', sentBytes });
        },
        failed: (error) => {
          this.dispatch({ type: 'copy-failed', error });
        },
      },
    });
    this.sender.start();
  }

  private privateDisks({ disks }: GuestConfig): PrivateDisk[] {
    return disks.flatMap(({ holding, capacityBytes }, index) => {
      const disk = holding === 'private' ? this.disks.opened(index) : null;
      return disk === null ? [] : [{ index, disk, capacityBytes }];
    });
  }
}
