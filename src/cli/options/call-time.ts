/** How long a daemon may take to answer a call that waits for nothing in the guest: it may ask other hosts first. */
export const callWithinMs = { withinMs: 30_000 } as const;
