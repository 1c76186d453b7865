import { firstOf } from './findings.js';

/** What one client says of its one connection. */
export interface ClientEnd {
  readonly client: string;
  /** Null: the connection stood to the end. */
  readonly broken: string | null;
  readonly acknowledged: number;
}

/** Connections that did not survive, and clients that never got an answer. */
export function checkClients(ends: readonly ClientEnd[]): string[] {
  return firstOf(
    ends.flatMap(({ client, broken, acknowledged }) => {
      if (broken !== null) return [`the connection of ${client} broke: ${broken}`];
      return acknowledged === 0 ? [`${client} was never answered`] : [];
    }),
  );
}
