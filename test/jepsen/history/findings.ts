const shownMax = 3;

/** The first few of many findings of one kind, and how many there are. */
export function firstOf(findings: readonly string[]): string[] {
  if (findings.length <= shownMax) return [...findings];
  return [...findings.slice(0, shownMax), `… and ${findings.length - shownMax} more like these`];
}

/** Those that come more than once. */
export function repeated(values: readonly string[]): string[] {
  const [once, twice] = [new Set<string>(), new Set<string>()];
  for (const value of values) (once.has(value) ? twice : once).add(value);
  return [...twice];
}
