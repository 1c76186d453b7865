/**
 * The paper's Table 2: how fast the guest receives and transmits, unprotected and protected, with the logging channel as fast as it
 * is and as fast as the paper's two. The network to the client is one of 1 Gbit/s, as the paper's was: a software network has no speed of
 * its own, and how fast it is shows what the processors can do, not what a guest on a network loses.
 *
 * A round is: unprotected, then a pair with one channel after the other, then unprotected again, which is the next round's first. So
 * each protected transfer has unprotected ones on both sides, and is compared with their mean.
 */

import { setTimeout as sleep } from 'node:timers/promises';

import { VmftError } from '../../base/errors.js';
import type { DemoNetwork } from '../../cli/demo/demo-network.js';
import { BenchGuest } from '../guest/bench-guest.js';
import { DiskCopy } from '../guest/disk-copy.js';
import { patiently } from '../guest/guest-plan.js';
import { withChannelRate, withClientRate } from '../shaping.js';
import {
  channels,
  directions,
  type ChannelGbitPerS,
  type Direction,
  type Table2Row,
  type Turn,
} from '../suite/result.js';
import type { Section, SectionContext, SuiteOptions } from '../suite/section.js';
import { GuestShell } from '../guest/guest-shell.js';
import { serverCommand, transfer, type Transfer } from './iperf3.js';
import { logBetween } from './log-between.js';
import { channelName, TransferTable } from './transfer-table.js';

interface Plan {
  readonly rounds: number;
  /** Measured of each transfer. */
  readonly transferMs: number;
}

/** Mbit/s. */
type Rates = Readonly<Record<Direction, number>>;

interface ProtectedTransfer extends Pick<Turn, 'pair' | 'logMbitPerS'> {
  readonly direction: Direction;
  readonly channel: ChannelGbitPerS;
}

/** Of the network that the guest is on. */
const clientGbitPerS = 1;
const firstPort = 5_201;
const serverMsMax = 30_000;
const bootMs = 15_000;
const joinMs = 3_000;
/** After a change of roles: caches fill, the lag settles. */
const settleMs = 1_500;
/** Of a transfer, beside what is measured. */
const besidesMs = 1_000;

export const table2Section: Section<'table2'> = {
  name: 'table2',
  title: 'Table 2: network throughput',

  expectedMs(options) {
    const { rounds } = planOf(options);
    return bootMs + ratesMs(options) + rounds * roundMs(options);
  },

  async run(context) {
    const { network, options } = context;
    const disk = new DiskCopy('debian-root');
    try {
      const plan = patiently({
        words: 'root=/dev/vda rw vmft.services=shell',
        atWork: 'vmft: ready',
        primaryOptions: ['--disk', `${disk.path},shared`],
        backupOptions: () => ['--disk', disk.path],
      });
      const guest = await BenchGuest.boot(network, plan, options);
      try {
        await withClientRate(network, clientGbitPerS, () =>
          measureRounds(guest, new Transfers(network, options), context),
        );
      } finally {
        guest.close();
      }
    } finally {
      disk.remove();
    }
  },
};

function planOf({ quick }: SuiteOptions): Plan {
  return quick ? { rounds: 2, transferMs: 1_000 } : { rounds: 8, transferMs: 4_000 };
}

function ratesMs(options: SuiteOptions): number {
  return directions.length * (planOf(options).transferMs + besidesMs);
}

function roundMs(options: SuiteOptions): number {
  return joinMs + 2 * settleMs + (channels.length + 1) * ratesMs(options);
}

/** Throws when the pair falls apart; what was measured before is kept. */
async function measureRounds(
  guest: BenchGuest,
  transfers: Transfers,
  context: SectionContext<Table2Row>,
): Promise<void> {
  const { options, progress, rows, leftMs } = context;
  const { rounds } = planOf(options);
  const table = new TransferTable();
  try {
    progress.doing('unprotected', 0, rounds);
    let before = await unprotectedRates(transfers);
    for (
      let round = 0;
      round < rounds && (round === 0 || leftMs() > roundMs(options));
      round += 1
    ) {
      const measured = await protectedRound(guest, transfers, context, table, round);
      progress.doing('unprotected', round + 1, rounds);
      const after = await unprotectedRates(transfers);
      for (const { direction, channel, ...rates } of measured) {
        const turn = { alone: (before[direction] + after[direction]) / 2, ...rates };
        table.add(direction, channel, turn);
        progress.line(`${round + 1} of ${rounds}: ${textOf(direction, channel, turn)}`);
      }
      before = after;
    }
  } finally {
    for (const row of table.rows()) rows.add(row);
    for (const { row, why } of table.skipped()) rows.skip(row, why);
  }
}

function textOf(direction: Direction, channel: ChannelGbitPerS, turn: Turn): string {
  const [alone, pair, log] = [turn.alone, turn.pair, turn.logMbitPerS].map((rate) =>
    rate.toFixed(0),
  );
  return `${direction}, ${channelName(channel)}: ${alone} Mbit/s unprotected, ${pair} protected, log ${log}`;
}

async function unprotectedRates(transfers: Transfers): Promise<Rates> {
  const receive = await transfers.run('receive');
  const transmit = await transfers.run('transmit');
  return { receive: receive.mbitPerS, transmit: transmit.mbitPerS };
}

/** One after the other, each with a server of its own. */
class Transfers {
  private readonly shell: GuestShell;
  private readonly durationMs: number;
  private port = firstPort;

  constructor(
    private readonly network: DemoNetwork,
    options: SuiteOptions,
  ) {
    this.shell = new GuestShell(network);
    this.durationMs = planOf(options).transferMs;
  }

  async run(direction: Direction): Promise<Transfer> {
    const port = this.port;
    this.port += 1;
    await this.shell.output(serverCommand(port), serverMsMax);
    return transfer(this.network, port, direction, this.durationMs);
  }
}

/** Makes a pair, measures it, and ends it. */
async function protectedRound(
  guest: BenchGuest,
  transfers: Transfers,
  { network, options, progress, joined }: SectionContext<Table2Row>,
  table: TransferTable,
  round: number,
): Promise<ProtectedTransfer[]> {
  const { rounds } = planOf(options);
  const { replication } = await guest.protect();
  joined(replication);
  await sleep(settleMs);
  const measured: ProtectedTransfer[] = [];
  for (const [index, channel] of channels.entries()) {
    if (table.isRefused(channel)) continue;
    progress.doing(
      `protected, ${channelName(channel)}`,
      round + (index + 1) / (channels.length + 1),
      rounds,
    );
    const measure = async (): Promise<void> => {
      for (const direction of directions) {
        const { fromMs, untilMs, mbitPerS } = await transfers.run(direction);
        const log = logBetween(guest.primary.events, fromMs, untilMs);
        measured.push({ direction, channel, pair: mbitPerS, logMbitPerS: log });
      }
    };
    try {
      await withChannelRate(network, channel, measure);
    } catch (error) {
      if (!(error instanceof VmftError && error.code === 'namespace-unavailable')) throw error;
      table.refuse(channel, error.message);
    }
  }
  await guest.unprotect();
  await sleep(settleMs);
  return measured;
}
