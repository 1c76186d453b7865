import { failoverSection } from '../failover/section.js';
import { idleSection } from '../idle/section.js';
import { latencySection } from '../latency/section.js';
import { scaleSection } from '../scale/section.js';
import { table1Section } from '../table1/section.js';
import { table2Section } from '../table2/section.js';
import type { SectionName } from './result.js';
import type { Section } from './section.js';

export const sections: { readonly [Name in SectionName]: Section<Name> } = {
  table1: table1Section,
  table2: table2Section,
  latency: latencySection,
  failover: failoverSection,
  idle: idleSection,
  scale: scaleSection,
};
