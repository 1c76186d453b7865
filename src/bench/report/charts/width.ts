/** In pixels of the page: a wide one, and a phone's. */
export const widths = { wide: 760, narrow: 340 } as const;
export type Width = keyof typeof widths;
