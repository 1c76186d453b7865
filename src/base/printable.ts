/** Text that somebody else wrote, for a terminal or a log: without anything that would steer it. */
export function printable(text: string): string {
  return text.replace(/\p{C}/gu, '?');
}
