export const faultNames = ['target', 'medium', 'private'] as const;
export type FaultName = (typeof faultNames)[number];

export interface FaultOrder {
  readonly faults: readonly FaultName[];
  /** How long the target is stalled, milliseconds. */
  readonly stallMs: number;
  /** An empty folder. */
  readonly folder: string;
}
