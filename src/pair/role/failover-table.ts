/**
 * Failover is decided by this table and nowhere else. Rows are tried from the top; the first whose
 * conditions all hold decides. The labels are the same in docs/failover.md and in the tests.
 *
 * Two rules carry it. (1) Suspicion changes nothing by itself; only the generation's flag in shared storage
 * lets a replica be seen alone (A2, A3). (2) Once test-and-set has been attempted its result must be
 * followed (A1–A4): the attempt may have succeeded without our knowing, and the peer acts on the flag, not on our
 * second thoughts; so a peer that is heard again meanwhile is ignored.
 */

export interface Situation {
  readonly role: 'primary' | 'backup';
  /** A backup: it holds the generation's first segment. A primary: always. */
  readonly committed: boolean;
  readonly channel: 'open' | 'broken' | 'ended';
  /** By the failure detector, with the limit that fits the channel. */
  readonly peer: 'heard' | 'silent';
  /** Whether the time allowed to the present state of affairs is used up. */
  readonly patience: 'left' | 'over';
  readonly guest: 'running' | 'ended';
  /** A primary whose guest has ended: the backup holds the whole log. */
  readonly settled: boolean;
  readonly diverged: boolean;
  /** `given`: HandOver was sent (a primary) or received (a backup). `taken`: a primary has the backup’s TakenOver. */
  readonly handOver: 'none' | 'given' | 'taken';
  readonly flag: 'untouched' | 'attempted' | 'won' | 'lost';
}

export type Decision =
  | 'carry-on'
  /** Do nothing yet; show the world nothing new. */
  | 'wait'
  /** Attempt test-and-set on the generation's flag. */
  | 'arbitrate'
  /** A backup: execute to the log's end and be the one. */
  | 'go-live'
  /** A primary: go on without a backup. */
  | 'go-alone'
  /** The guest has ended and all is said, or the backup has the machine: end in order. */
  | 'finish'
  /** A backup that is not a replica any more: say so and end. */
  | 'discard'
  /** End at once, showing nothing. */
  | 'stop';

export interface FailoverRow {
  readonly label: string;
  readonly when: Partial<Situation>;
  readonly decision: Decision;
  readonly why: string;
}

export const failoverTable: readonly FailoverRow[] = [
  {
    label: 'B1',
    when: { role: 'backup', diverged: true },
    decision: 'discard',
    why: 'its state is not the primary’s, and must not be seen even if the flag is won',
  },
  { label: 'A1', when: { flag: 'lost' }, decision: 'stop', why: 'the peer has the generation' },
  {
    label: 'A2',
    when: { flag: 'won', role: 'backup' },
    decision: 'go-live',
    why: 'the generation is ours and we hold every segment behind what the world has seen',
  },
  {
    label: 'A3',
    when: { flag: 'won', role: 'primary' },
    decision: 'go-alone',
    why: 'the backup can never go live in this generation',
  },
  {
    label: 'A4',
    when: { flag: 'attempted' },
    decision: 'wait',
    why: 'the attempt may have succeeded',
  },

  {
    label: 'B2',
    when: { role: 'backup', committed: false, channel: 'broken' },
    decision: 'stop',
    why: 'the primary may never have committed to the generation, and runs alone',
  },
  {
    label: 'B3',
    when: { role: 'backup', committed: false, channel: 'ended' },
    decision: 'stop',
    why: 'as B2: the primary called the join off',
  },
  {
    label: 'B4',
    when: { role: 'backup', committed: false, patience: 'over' },
    decision: 'stop',
    why: 'as B2: the join makes no progress',
  },
  {
    label: 'B11',
    when: { role: 'backup', committed: true, handOver: 'given' },
    decision: 'arbitrate',
    why: 'the primary has stopped behind the last segment and gives the machine over',
  },
  {
    label: 'B5',
    when: { role: 'backup', channel: 'ended', guest: 'ended' },
    decision: 'finish',
    why: 'the guest ended on both sides and the primary showed all of it',
  },
  {
    label: 'B6',
    when: { role: 'backup', channel: 'ended', patience: 'left' },
    decision: 'wait',
    why: 'the guest’s end lies in the part of the log not yet executed',
  },
  {
    label: 'B7',
    when: { role: 'backup', channel: 'broken', peer: 'heard', patience: 'left' },
    decision: 'wait',
    why: 'the primary lives: it sees the broken channel too, and needs no failover if it wins',
  },
  {
    label: 'B8',
    when: { role: 'backup', channel: 'broken' },
    decision: 'arbitrate',
    why: 'the log has ended for us, and the primary is silent or slow to win',
  },
  {
    label: 'B9',
    when: { role: 'backup', channel: 'ended' },
    decision: 'arbitrate',
    why: 'the primary ended the channel in order, but the guest has not ended',
  },
  {
    label: 'B10',
    when: { role: 'backup', committed: true, peer: 'silent' },
    decision: 'arbitrate',
    why: 'the primary is suspected dead',
  },
  { label: 'B0', when: { role: 'backup' }, decision: 'carry-on', why: 'nothing is wrong' },

  {
    label: 'P7',
    when: { role: 'primary', handOver: 'taken' },
    decision: 'finish',
    why: 'the backup has won the generation and takes the machine over',
  },
  {
    label: 'P1',
    when: { role: 'primary', guest: 'ended', settled: true },
    decision: 'finish',
    why: 'the backup holds the guest’s end; all outputs may leave',
  },
  {
    label: 'P2',
    when: { role: 'primary', diverged: true },
    decision: 'arbitrate',
    why: 'the backup has discarded itself',
  },
  {
    label: 'P3',
    when: { role: 'primary', channel: 'broken' },
    decision: 'arbitrate',
    why: 'nothing will be acknowledged any more',
  },
  {
    label: 'P4',
    when: { role: 'primary', channel: 'ended' },
    decision: 'arbitrate',
    why: 'the backup left',
  },
  {
    label: 'P5',
    when: { role: 'primary', peer: 'silent' },
    decision: 'arbitrate',
    why: 'the backup is suspected dead',
  },
  {
    label: 'P6',
    when: { role: 'primary', guest: 'ended', patience: 'over' },
    decision: 'arbitrate',
    why: 'the backup beats but acknowledges nothing',
  },
  {
    label: 'P8',
    when: { role: 'primary', handOver: 'given', patience: 'over' },
    decision: 'arbitrate',
    why: 'the backup beats but does not take the machine over',
  },
  { label: 'P0', when: { role: 'primary' }, decision: 'carry-on', why: 'nothing is wrong' },
];

/** The first row that fits. The last row of each role fits always. */
export function decideFailover(situation: Situation): FailoverRow {
  for (const row of failoverTable) {
    let fits = true;
    for (const key in row.when) {
      const field = key as keyof Situation;
      if (row.when[field] !== situation[field]) {
        fits = false;
        break;
      }
    }
    if (fits) return row;
  }
  throw new Error('the failover table has no row for this situation');
}
