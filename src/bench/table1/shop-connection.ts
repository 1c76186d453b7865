/** The web shop's database as its customers ask it. */

import type pg from 'pg';

import type { Answers, Catalogue } from './shop-visit.js';

/** Each question is prepared once on a connection. */
export function answersOf(connection: pg.Client): Answers {
  return async ({ name, text }, values = []) => {
    const query = { name, text, values: [...values], rowMode: 'array' as const };
    return (await connection.query<unknown[]>(query)).rows;
  };
}

/** Rejects when the shop is empty. */
export async function readCatalogue(connection: pg.Client): Promise<Catalogue> {
  const rows = async (text: string): Promise<unknown[][]> =>
    (await connection.query<unknown[]>({ text, rowMode: 'array' })).rows;
  const words = async (kind: string): Promise<string[]> =>
    (await rows(`SELECT word FROM words WHERE kind = '${kind}' ORDER BY number`)).map(String);
  const [sizes = []] = await rows(
    'SELECT (SELECT max(customer_id) FROM customers), max(category_id), max(place) FROM products',
  );
  const [registered = 0, categories = 0, places = 0] = sizes.map(Number);
  if (registered === 0 || categories === 0 || places === 0) throw new Error('the shop is empty');
  return {
    ...{ registered, categories, places },
    firstWords: await words('first'),
    secondWords: await words('second'),
  };
}
