/** Text that somebody else wrote, for a terminal: without anything that would steer it. */
export function printable(text: string): string {
  return text.replace(/\p{C}/gu, '?');
}
