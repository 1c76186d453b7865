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
  | 'permission without end';

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
];
