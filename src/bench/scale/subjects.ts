import type { DemoNetwork } from '../../cli/demo/demo-network.js';
import { BenchGuest } from '../guest/bench-guest.js';
import { patiently } from '../guest/guest-plan.js';
import type { SuiteOptions } from '../suite/section.js';
import { startExchanges, type ExchangeLoad } from './exchange-load.js';
import { memoryGuestPlan, workedPerSecond } from './memory-guest.js';
import type { Scene, Subject } from './scene.js';
import type { ServingGuests } from './serving-guests.js';

/** One guest that is asked by more and more clients at once, as fast as they are answered. */
export function connectionsSubject(guests: ServingGuests): Subject {
  return {
    name: 'connections',
    unit: 'exchanges/s',
    timeGrowth: 0,
    rowName: (at) => `${at} connection${at === 1 ? '' : 's'}`,
    open: (at) => exchangeScene(guests, 1, { connections: at, pauseMs: 0 }),
    reset: () => {
      guests.close();
    },
    // The guest stays, for those that come to it.
    close: () => undefined,
  };
}

/** Of a guest among others: users who think between two questions, so that all guests together leave the processors some time. */
const servedUsers: ExchangeLoad = { connections: 8, pauseMs: 20 };

/** More and more guests on a host, each protected by a pair of its own, with as much to do. */
export function guestsSubject(guests: ServingGuests): Subject {
  return {
    name: 'guests',
    unit: 'exchanges/s',
    timeGrowth: 0.5,
    rowName: (at) => `${at} guest${at === 1 ? '' : 's'}`,
    open: (at) => exchangeScene(guests, at, servedUsers),
    reset: () => {
      guests.close();
    },
    close: () => {
      guests.close();
    },
  };
}

async function exchangeScene(
  serving: ServingGuests,
  count: number,
  exchanges: ExchangeLoad,
): Promise<Scene> {
  const guests = await serving.first(count);
  const load = await startExchanges(serving.network, guests, exchanges);
  return {
    guests,
    perSecond: (durationMs) => load.measure(durationMs),
    end: () => {
      load.kill();
    },
  };
}

/** A guest with more and more memory, which it uses. */
export function memorySubject(network: DemoNetwork, options: SuiteOptions): Subject {
  let guest: BenchGuest | null = null;
  const close = (): void => {
    guest?.close();
    guest = null;
  };
  return {
    name: 'memory',
    unit: 'MiB/s',
    timeGrowth: 0.5,
    rowName: (at) => `${at} MiB of memory`,
    open: async (at) => {
      close();
      const booted = await BenchGuest.boot(network, patiently(memoryGuestPlan(at)), options);
      guest = booted;
      return {
        guests: [booted],
        perSecond: (durationMs) => workedPerSecond(booted, durationMs),
        end: close,
      };
    },
    reset: close,
    close,
  };
}
