/** One thing that a host can or cannot do. */
export interface Finding {
  readonly name: string;
  /** `limited`: vmft works without it, but not all of vmft. */
  readonly state: 'ok' | 'limited' | 'missing';
  readonly found: string;
  /** Null when there is nothing to do. */
  readonly whatToDo: string | null;
}

export function ok(name: string, found: string): Finding {
  return { name, state: 'ok', found, whatToDo: null };
}

export function limited(name: string, found: string, whatToDo: string | null): Finding {
  return { name, state: 'limited', found, whatToDo };
}

export function missing(name: string, found: string, whatToDo: string): Finding {
  return { name, state: 'missing', found, whatToDo };
}
