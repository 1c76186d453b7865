/** In pixels of the page: two of the wide ones stand side by side on a wide page; narrow is a phone's. */
export const widths = { wide: 540, narrow: 340 } as const;
export type Width = keyof typeof widths;
