/** Every limit and default of the TypeScript side, in one place. Native limits: native/base/limits.h. */

const kib = 1024;
const mib = 1024 * kib;

/** The protocol between a primary and a backup of this build; both must speak the same. */
export const protocolVersion = 3;

export const limits = {
  // Messages of the logging channel.
  /** Encoded; of 1 MiB of guest memory at most. */
  memoryChunkBytesMax: 2 * mib,
  /** All of a machine but its memory, encoded: as native/base/limits.h has it. */
  machineStateBytesMax: 320 * mib,
  /** It goes in pieces. */
  machineStatePieceBytesMax: 1 * mib,
  logFrameBytesMax: 4 * mib,
  /** Any message on the wire: the largest frame plus its headers. */
  messageBytesMax: 4 * mib + 4 * kib,
  machineConfigBytesMax: 64 * kib,
  textBytesMax: 1 * kib,
  /** HTTP/2 flow-control window of the logging channel: enough for 10 Gbit/s at a 3 ms round trip. */
  channelWindowBytes: 4 * mib,
  diskChunkBytesMax: 256 * kib,
  diskZeroRunBytesMax: 8 * mib,
  /** Chunks of disks and memory under way to the backup, and on it, that it has not taken in yet. */
  copyChunksUnderWayMax: 32,
  /** Guest memory in one chunk of a copy. */
  memoryChunkMemoryBytes: 1 * mib,

  // Flow control of the log (design §5).
  unacknowledgedBytesMaxDefault: 64 * mib,

  // Heartbeats.
  heartbeatDatagramBytesMax: 256,

  disksMax: 5,
  /** How long opening a disk waits for its target. */
  diskOpenMs: 5_000,
  diskUrlLengthMax: 1024,
  /** At the end of each disk: vmft's own (docs/disks.md). */
  diskReservedBytes: mib,

  /** Leaves of a guest's CPUID; KVM takes no more than 256. */
  cpuidLeavesMax: 256,

  // Log files.
  logHeaderBytesMax: 64 * kib,
  logFileBufferBytes: 1 * mib,
  /** A log file's bytes that wait for the disk before the vCPU stalls. */
  logFileBacklogBytesMax: 64 * mib,

  // The arbiter.
  flagRecordBytesMax: 4 * kib,
  arbiterUrlLengthMax: 1024,
  /** One call to etcd; what is not answered by then is asked again. */
  etcdCallMs: 2_000,
  /** How long a start waits for storage, or for etcd's quorum: longer than an election takes. */
  arbiterOpenMs: 4_000,
  etcdMembersMax: 9,
  /** Keys that one answer brings. */
  etcdKeysAtOnce: 500,

  // Hosts' daemons.
  hostsMax: 64,
  machinesMax: 1024,
  pathLengthMax: 4096,
  labelLengthMax: 128,
  /** A Unix socket’s path: what unix(7) allows, less the folder that it is made in. */
  socketPathBytesMax: 96,
  /** Any message of the control API. */
  apiMessageBytesMax: 4 * mib,
  /** The last notices of a machine's replicas that are kept, in files. */
  replicaLogsMax: 5,
  /** Callers at once, of each door. */
  hostConnectionsMax: 256,

  // Snapshots.
  /** Of a guest's memory in one vmft.image.Pages message (native/base/limits.h), and how long such a message can be. */
  imagePagesMemoryBytes: mib,
  imagePagesBytesMax: mib + 64 * kib,
  imageStateBytesMax: 321 * mib,
  snapshotRoundsMax: 8,
  /** With this much left, or less, the guest is paused for the rest. */
  snapshotPauseBytes: 2 * mib,
  /** Copied in the pause and kept until it is over; beyond it the guest waits for the disk. */
  snapshotKeptBytesMax: 64 * mib,
  /** A guest with more is not digested as a whole for a snapshot: that would make the pause long. */
  snapshotDigestMemoryBytesMax: 256 * mib,

  // A replica's control socket.
  controlEventsKept: 1_000,
  /** Of the console, for who looks on later. */
  controlConsoleBytesKept: 64 * kib,
  controlConsoleBytesAtOnce: 16 * kib,
  /** Typed at once, by whoever looks on. */
  controlInputBytesMax: 64 * kib,
  /** A call that answers once. */
  controlCallMs: 5_000,
  /** A hand-over has to send what is left of the log. */
  handOverMs: 60_000,
} as const;

/** Times that a user may change; defaults aim at a client gap of 300 ms at a kill. */
export interface PairSettings {
  /** Period of the timer that drives the reducers. */
  readonly tickIntervalMs: number;
  readonly heartbeatIntervalMs: number;
  /** Silence of heartbeats and log traffic together after which the peer is suspected. */
  readonly suspectAfterMs: number;
  /** The same once the channel is broken: a live peer's heartbeats would still arrive. */
  readonly suspectAfterBrokenChannelMs: number;
  /** How long a backup with a broken channel lets a primary that still beats win the arbitration. */
  readonly brokenChannelPatienceMs: number;
  /** How far the backup's execution may stay behind, in the guest's virtual time. */
  readonly lagLimitMs: number;
  readonly unacknowledgedBytesMax: number;
  /** How long a join may go without progress before it is given up. */
  readonly joinStallMs: number;
  /** How long a backup waits for the first heartbeat before it says that UDP is blocked. */
  readonly heartbeatProbeMs: number;
  /** How long a primary whose guest has ended waits for the backup to hold the last of the log. */
  readonly drainMs: number;
  /** How long a primary that hands its machine over waits for the backup to hold the last of the log. */
  readonly handOverMs: number;
  /** What the pause at a copy's end may take by the measured rate, before the guest is slowed for it. */
  readonly copyPauseMs: number;
  /** Bytes on the wire per second while a running machine is copied. */
  readonly copyBytesPerSecondMax: number;
  readonly arbiterRetryMinMs: number;
  readonly arbiterRetryMaxMs: number;
  /** An operation on shared storage that takes longer counts as unreachable storage. */
  readonly arbiterOperationMs: number;
  /** From the discarding of a replica that diverged to joining anew; doubled after each attempt that fails. */
  readonly rebuildDelayMs: number;
  readonly rebuildDelayMaxMs: number;
  /** How long after a divergence the join is tried again: the primary first has to win its generation. */
  readonly rebuildPatienceMs: number;
  /** More divergences than this within the window, and the replica is not rebuilt any more. */
  readonly divergencesMax: number;
  readonly divergenceWindowMs: number;
}

/** Times of a host's daemon. */
export const hostTimes = {
  /** From starting a replica's process to its first answer. */
  replicaStartMs: 30_000,
  /** How often its socket is looked for meanwhile. */
  replicaLookMs: 25,
  /** How often a replica is asked what it does, besides what it tells. */
  replicaStatusMs: 1_000,
  /** A replica that is to end is killed after this. */
  replicaLeaveMs: 5_000,
  /** How often other hosts are asked what they have. */
  peerPollMs: 2_000,
  /** Within which a host answers that lives. */
  describeMs: 1_500,
  /** How long a host that does not answer holds up the choice among those that do. */
  describeGraceMs: 300,
  /** For another host to start or end a replica. */
  peerReplicaMs: 40_000,
  /** Between attempts to protect a machine, or to start a lost one. */
  retryMinMs: 1_000,
  retryMaxMs: 30_000,
  /** A machine that ran for this long is not taken for one that crashes at each start. */
  steadyMs: 60_000,
  /** How often the progress of an operation is told. */
  progressMs: 500,
  /** An operator’s call waits so long for a machine that is about to be live. */
  locateMs: 5_000,
  /** For a backup's host to tell that its replica has heard of the pair that the primary told of. */
  pairHeardMs: 3_000,
  /** For a machine to become live elsewhere once it was handed over, or its backup let go. */
  handOverMs: 15_000,
  /** A backup that shows no progress in its join. */
  joinStallMs: 30_000,
} as const;

export const defaultPairSettings: PairSettings = {
  tickIntervalMs: 10,
  heartbeatIntervalMs: 50,
  suspectAfterMs: 250,
  suspectAfterBrokenChannelMs: 110,
  brokenChannelPatienceMs: 1_000,
  lagLimitMs: 100,
  unacknowledgedBytesMax: limits.unacknowledgedBytesMaxDefault,
  joinStallMs: 10_000,
  heartbeatProbeMs: 3_000,
  drainMs: 5_000,
  handOverMs: 2_000,
  copyPauseMs: 50,
  copyBytesPerSecondMax: Infinity,
  arbiterRetryMinMs: 50,
  arbiterRetryMaxMs: 2_000,
  arbiterOperationMs: 2_000,
  rebuildDelayMs: 200,
  rebuildDelayMaxMs: 2_000,
  rebuildPatienceMs: 10_000,
  divergencesMax: 5,
  divergenceWindowMs: 600_000,
};

/** How often the copying of a machine is told of. */
export const copyShownEveryMs = 500;

/** How often a backup says how far it is while it takes a copy in, also when nothing came meanwhile. */
export const copyProgressEveryMs = 1_000;

/** After going live, the guest's MAC address is announced at these times: a lost broadcast is cheap to repeat. */
export const announceAfterMs: readonly number[] = [0, 100, 500];
