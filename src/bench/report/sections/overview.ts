/** What is read first, and what the figures rest on. */

import { figureOf, ratioOf } from '../../suite/figures.js';
import type { BenchResult } from '../../suite/result.js';
import { left, right, type Cell, type ReportSection, type Tile } from '../document.js';
import { goalsOf, type Goal, type GoalName } from '../goals.js';
import { paperTitle } from '../paper.js';
import { distributionOf, noNumber, shown, shownDuration, shownRatio } from '../spread.js';

export function goalsSection(result: BenchResult): ReportSection {
  const goals = goalsOf(result);
  const causes = goals.flatMap(({ subject, cause }) =>
    cause === null ? [] : [`${subject}: ${cause}`],
  );
  return {
    id: 'goals',
    title: 'Goals',
    blocks: [
      {
        kind: 'table',
        title: 'Goals, and whether they are met',
        columns: [left('Goal'), left('Wanted'), left('Measured'), left('State')],
        rows: goals.map(({ subject, wanted, measured, state }): Cell[] => [
          subject,
          wanted,
          measured === '' ? noNumber : measured,
          { text: state, tone: tones[state] },
        ]),
      },
      ...(causes.length === 0
        ? []
        : [{ kind: 'list' as const, title: 'Where the time goes', items: causes }]),
      {
        kind: 'note',
        text: 'A goal is met when every row that it speaks of meets it by its median. What is kept is protected to unprotected. A logging channel of 1 Gbit/s is narrower than what these guests may receive; the goals for the network are judged without it.',
      },
    ],
  };
}

const tones = { met: 'good', missed: 'bad', 'not measured': 'quiet' } as const;

export function tilesOf(result: BenchResult): Tile[] {
  const { sections } = result;
  const goals = goalsOf(result);
  const toneOf = (...names: GoalName[]): Tile['tone'] => {
    const states = goals.filter(({ name }) => names.includes(name)).map(({ state }) => state);
    if (states.includes('missed')) return 'bad';
    return states.includes('met') ? 'good' : 'plain';
  };
  const medians = (sections.table1?.rows ?? []).map(({ turns }) => ratioOf(turns).median);
  const ratios = figureOf(medians.filter(Number.isFinite));
  const kills = (sections.failover?.rows ?? []).flatMap((row) => row.kills);
  const gaps = distributionOf(kills.map(({ clientGapMs }) => clientGapMs));
  const idle = sections.idle?.rows.find(({ guest }) => guest === 'idle');
  const idleLog = figureOf((idle?.turns ?? []).map(({ logMbitPerS }) => logMbitPerS));
  const ping = goals.find(({ name }) => name === 'ping');
  return [
    ...(ratios.count === 0
      ? []
      : [
          {
            name: 'Protected to unprotected speed',
            value: shownRatio(ratios.median),
            note: `${shownRatio(ratios.low)} to ${shownRatio(ratios.high)} over the rows of Table 1`,
            tone: toneOf('managed', 'compile', 'oltp', 'web-shop'),
          },
        ]),
    ...(gaps.count === 0
      ? []
      : [
          {
            name: 'Silence when the primary dies',
            value: `${shown(gaps.median)} ms`,
            note: `median of ${gaps.count} kills, longest ${shown(gaps.high)} ms`,
            tone: toneOf('client-gap', 'lost'),
          },
        ]),
    ...(ping === undefined || ping.state === 'not measured'
      ? []
      : [
          {
            name: 'Added to a ping',
            value: ping.measured,
            note: 'median, the backup on the same machine',
            tone: toneOf('ping'),
          },
        ]),
    ...(idleLog.count === 0
      ? []
      : [
          {
            name: 'Log of an idle guest',
            value: `${shown(idleLog.median)} Mbit/s`,
            note: 'the paper’s: 0.5 to 1.5',
            tone: toneOf('idle-log'),
          },
        ]),
  ];
}

export function leadOf(result: BenchResult): string[] {
  const { machine, accelerator, replication, quick } = result;
  const goals = goalsOf(result);
  const count = (state: Goal['state']): number =>
    goals.filter((goal) => goal.state === state).length;
  const skipped = Object.values(result.sections).reduce(
    (sum, section) => sum + (section?.skipped.length ?? 0),
    0,
  );
  return [
    `${dateOf(result.startedAtMs)}, ${quick ? 'quick' : 'full'} run of ${shownDuration(result.durationMs)}: ${machine.processor}, ${machine.cores} processors; accelerator ${accelerator}${replication === null ? '' : `, replication by ${replication}`}.`,
    `Goals: ${count('met')} met, ${count('missed')} missed, ${count('not measured')} not measured. ` +
      (skipped === 0
        ? 'No row was skipped.'
        : `${skipped} row${skipped === 1 ? ' was' : 's were'} skipped; each section says which, and why.`),
  ];
}

/** In UTC, to the minute. */
export function dateOf(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

export function methodSection(result: BenchResult): ReportSection {
  const { machine, accelerator } = result;
  return {
    id: 'method',
    title: 'How it was measured',
    blocks: [
      {
        kind: 'list',
        title: 'Method',
        items: [
          'All rates are by the host’s clock. Unprotected and protected take turns within one boot of a guest, as near to each other as possible; a ratio is of such a pair of turns.',
          'Figures are medians; in brackets the least and the most of the turns. Of latencies and failovers, which are many, quartiles and the 99th percentile.',
          'The log is what the primary recorded while the workload ran.',
        ],
      },
      {
        kind: 'table',
        title: 'The paper’s set-up and this one',
        columns: [left(''), left('Paper'), left('Here')],
        rows: [
          [
            'Hosts',
            'two, each with 8 Xeon processors of 2.8 GHz and 8 GiB',
            `one machine for both replicas and the client: ${machine.cores} processors, ${shown(machine.memoryMiB / 1024)} GiB`,
          ],
          [
            'Virtualization',
            'by hardware, VMware vSphere 4.0',
            accelerator === 'soft' ? 'a software CPU (`--accel soft`)' : 'by hardware, KVM',
          ],
          ['Guest', 'one virtual processor', 'one virtual processor'],
          [
            'Logging channel',
            'a network of 10 Gbit/s of its own; Table 2 also 1 Gbit/s',
            'a virtual network between two namespaces',
          ],
          [
            'Disk',
            'shared, EMC Clariion by 4 Gbit/s Fibre Channel',
            'a shared file, in the host’s page cache',
          ],
          ['Client', 'a machine on a network of 1 Gbit/s', 'a namespace of the same machine'],
        ],
      },
      { kind: 'note', text: `The paper: ${paperTitle}.` },
    ],
  };
}

export function machineSection(result: BenchResult): ReportSection {
  const { machine } = result;
  return {
    id: 'machine',
    title: 'Machine, versions, command',
    blocks: [
      {
        kind: 'table',
        title: 'Machine and versions',
        columns: [left('What'), left('Found')],
        rows: [
          ['Processor', `${machine.processor}, ${machine.cores} processors`],
          ['Memory', `${shown(machine.memoryMiB)} MiB`],
          ['Load when the bench began (1 minute)', shown(machine.loadAtStart)],
          ['Kernel', machine.kernel],
          ['Distribution', machine.distribution],
          ['Node.js', machine.node],
          ['vmft', machine.vmft],
          ['In the guest', machine.guest.length === 0 ? noNumber : machine.guest.join(', ')],
          ['Began', dateOf(result.startedAtMs)],
          ['Took', shownDuration(result.durationMs)],
        ],
      },
      {
        kind: 'table',
        title: 'Time of each section',
        columns: [left('Section'), right('Took'), right('Rows'), right('Skipped')],
        rows: Object.entries(result.sections).flatMap(([name, section]) =>
          section === null
            ? []
            : [
                [
                  name,
                  shownDuration(section.durationMs),
                  String(section.rows.length),
                  String(section.skipped.length),
                ],
              ],
        ),
      },
      { kind: 'command', name: 'The whole', command: result.command },
    ],
  };
}
