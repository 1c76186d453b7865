/** Faults that the checkers must find; each breaks one rule of the protocol. */
export type PlantedFault =
  | 'gate off'
  | 'record dropped'
  | 'acknowledged before received'
  | 'no arbitration'
  | 'byte flipped'
  | 'generation ignored'
  | 'disk not fenced'
  | 'disk writes not repeated'
  | 'permission without end'
  | 'changes not copied'
  | 'checkpoint torn'
  | 'shown at a hand-over';

export const plantedFaults: readonly PlantedFault[] = [
  'gate off',
  'record dropped',
  'acknowledged before received',
  'no arbitration',
  'byte flipped',
  'generation ignored',
  'disk not fenced',
  'disk writes not repeated',
  'permission without end',
  'changes not copied',
  'checkpoint torn',
  'shown at a hand-over',
];
