import type { DemoNetwork } from '../../cli/demo/demo-network.js';
import { BenchGuest } from '../guest/bench-guest.js';
import { patiently, planOfMode } from '../guest/guest-plan.js';
import type { SuiteOptions } from '../suite/section.js';

/** Guests that count for clients, as many at once as were asked for. They stay until they are closed. */
export class ServingGuests {
  private guests: BenchGuest[] = [];
  private taps = 1;

  constructor(
    readonly network: DemoNetwork,
    private readonly options: SuiteOptions,
  ) {}

  /** The first of them, unprotected; boots those that are not there yet. */
  async first(count: number): Promise<readonly BenchGuest[]> {
    for (; this.taps < count; this.taps += 1) this.network.addTap(this.taps);
    const missing = Array.from({ length: count }, (_, number) => number).slice(this.guests.length);
    const booting = missing.map((number) =>
      BenchGuest.boot(this.network, patiently(planOfMode('demo')), { ...this.options, number }),
    );
    const booted = await Promise.allSettled(booting);
    for (const boot of booted) if (boot.status === 'fulfilled') this.guests.push(boot.value);
    await Promise.all(booting);
    return this.guests.slice(0, count);
  }

  close(): void {
    for (const guest of this.guests) guest.close();
    this.guests = [];
    for (; this.taps > 1; this.taps -= 1) this.network.removeTap(this.taps - 1);
  }
}
