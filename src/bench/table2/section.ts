/**
 * The paper's Table 2: how fast the guest receives and transmits, unprotected and protected, with the logging channel as fast as it
 * is and as fast as the paper's two.
 *
 * A round is: unprotected, then a pair with one channel after the other, then unprotected again, which is the next round's first. So
 * each protected transfer has unprotected ones on both sides, and is compared with their mean.
 */

import { setTimeout as sleep } from 'node:timers/promises';

import { VmftError } from '../../base/errors.js';
import type { DemoNetwork } from '../../cli/demo/demo-network.js';
import { logMbitPerS } from '../log-rate.js';
import { BenchGuest } from '../pair-guest.js';
import { withChannelRate } from '../shaping.js';
import type { ChannelGbitPerS, Table2Row, Turn } from '../suite/result.js';
import type { Section, SectionContext, SuiteOptions } from '../suite/section.js';
import { commandInGuest } from './command-in-guest.js';
import { serverCommand, transfer, type Direction } from './iperf3.js';
import { RootDiskCopy } from './root-disk-copy.js';
import { channelName, channels, directions, TransferTable } from './transfer-table.js';

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

const bootMs = 15_000;
const joinMs = 3_000;
/** After a change of roles: caches fill, the lag settles. */
const settleMs = 1_500;
/** Of a transfer, beside what is measured. */
const besidesMs = 1_000;
/** A transfer takes all of the processors, and here both replicas share one host: a suspicion would be wrong. */
const patience = ['--suspect-after', '5000', '--suspect-after-broken', '2000'];

export const table2Section: Section<'table2'> = {
  name: 'table2',
  title: 'Table 2: network throughput',

  expectedMs(options) {
    const { rounds } = planOf(options);
    return bootMs + ratesMs(options) + rounds * roundMs(options);
  },

  async run(context) {
    const { network } = context;
    const disk = new RootDiskCopy();
    try {
      const guest = await BenchGuest.boot(network, {
        words: 'root=/dev/vda rw vmft.services=shell',
        atWork: 'vmft: ready',
        primaryOptions: ['--disk', `${disk.path},shared`, ...patience],
        backupOptions: () => ['--disk', disk.path, ...patience],
      });
      try {
        await commandInGuest(network, serverCommand);
        await measureRounds(guest, context);
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
async function measureRounds(guest: BenchGuest, context: SectionContext<Table2Row>): Promise<void> {
  const { network, options, progress, rows, leftMs } = context;
  const { rounds, transferMs } = planOf(options);
  const table = new TransferTable();
  try {
    progress.doing('unprotected', 0, rounds);
    let before = await unprotectedRates(network, transferMs);
    for (
      let round = 0;
      round < rounds && (round === 0 || leftMs() > roundMs(options));
      round += 1
    ) {
      const transfers = await protectedRound(guest, context, table, round);
      progress.doing('unprotected', round + 1, rounds);
      const after = await unprotectedRates(network, transferMs);
      for (const { direction, channel, ...measured } of transfers) {
        const turn = { alone: (before[direction] + after[direction]) / 2, ...measured };
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

async function unprotectedRates(network: DemoNetwork, transferMs: number): Promise<Rates> {
  const receive = await transfer(network, 'receive', transferMs);
  const transmit = await transfer(network, 'transmit', transferMs);
  return { receive: receive.mbitPerS, transmit: transmit.mbitPerS };
}

/** Makes a pair, measures it, and ends it. */
async function protectedRound(
  guest: BenchGuest,
  { network, options, progress, joined }: SectionContext<Table2Row>,
  table: TransferTable,
  round: number,
): Promise<ProtectedTransfer[]> {
  const { rounds, transferMs } = planOf(options);
  await guest.protect();
  const formed = guest.primary.events.findLast(({ type }) => type === 'formed');
  joined(String(formed?.['replication']));
  await sleep(settleMs);
  const transfers: ProtectedTransfer[] = [];
  for (const [index, channel] of channels.entries()) {
    if (table.isRefused(channel)) continue;
    progress.doing(
      `protected, ${channelName(channel)}`,
      round + (index + 1) / (channels.length + 1),
      rounds,
    );
    const measure = async (): Promise<void> => {
      for (const direction of directions) {
        const { fromMs, untilMs, mbitPerS } = await transfer(network, direction, transferMs);
        const log = logMbitPerS(guest.primary.events, fromMs, untilMs);
        transfers.push({ direction, channel, pair: mbitPerS, logMbitPerS: log });
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
  return transfers;
}
