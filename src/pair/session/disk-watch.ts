import type { Machine } from '../../flow/machine/machine.js';
import type { PairEvent } from '../role/pair-event.js';

/** Tells when a disk's requests begin to wait for storage, and when that is over. Look about once a second. */
export class DiskWatch {
  private readonly sinceMs = new Map<number, number>();
  private readonly told = new Map<number, string>();

  look(machine: Machine, nowMs: number): PairEvent[] {
    if (machine.config.disks.length === 0) return [];
    const events: PairEvent[] = [];
    machine.status().disks.forEach(({ trouble }, disk) => {
      const url = machine.config.disks[disk]?.url ?? '';
      const before = this.told.get(disk) ?? '';
      if (trouble === before) return;
      this.told.set(disk, trouble);
      const since = this.sinceMs.get(disk);
      if (trouble === '') {
        this.sinceMs.delete(disk);
        events.push({ type: 'disk-recovered', disk, url, troubleMs: nowMs - (since ?? nowMs) });
        return;
      }
      if (since === undefined) this.sinceMs.set(disk, nowMs);
      events.push({ type: 'disk-trouble', disk, url, trouble });
    });
    return events;
  }
}

export const diskWatchPeriodMs = 1_000;
