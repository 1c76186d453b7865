import { failoverSection } from '../failover/section.js';
import { idleSection } from '../idle/section.js';
import { latencySection } from '../latency/section.js';
import { table1Section } from '../table1/section.js';
import { scaleSection } from '../scale/section.js';
import { table2Section } from '../table2/section.js';
import { sectionNames, type SectionName } from './result.js';
import type { Section } from './section.js';

/** Those that there are. */
const sections: { readonly [Name in SectionName]?: Section<Name> } = {
  table1: table1Section,
  table2: table2Section,
  latency: latencySection,
  failover: failoverSection,
  idle: idleSection,
  scale: scaleSection,
};

/** In the order in which they are measured. */
export const measuredSections: readonly SectionName[] = sectionNames.filter(
  (name) => sections[name] !== undefined,
);

export function sectionOf<Name extends SectionName>(name: Name): Section<Name> {
  const found = sections[name];
  if (found === undefined) throw new Error(`bug: no section ${name}`);
  return found;
}
