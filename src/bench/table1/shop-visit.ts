/** What a customer of the web shop does from the door to the order. As in DVD Store, each visit ends with one. */

import { createHash } from 'node:crypto';

import type { SeededRandom } from '../../cli/demo/seeded-random.js';

export interface Question {
  readonly name: string;
  readonly text: string;
}

/** Asks the database; gives its rows. Rejects when it refuses. */
export type Answers = (
  question: Question,
  values?: readonly unknown[],
) => Promise<readonly (readonly unknown[])[]>;

/** What there is to ask for. */
export interface Catalogue {
  /** Customers 1 to this one have the login `userN`. */
  readonly registered: number;
  readonly categories: number;
  /** Products of each category. */
  readonly places: number;
  /** Titles and actors begin with one of each. */
  readonly firstWords: readonly string[];
  readonly secondWords: readonly string[];
}

/** As DVD Store has it by default: one customer of five is new. */
const newCustomersShare = 0.2;
const browses = 3;
const linesMax = 5;
const quantityMax = 3;
const pageLength = 10;

const questions = {
  login: `SELECT customer_id, name FROM customers WHERE login = $1 AND password_hash = $2`,
  bought: `SELECT title, actor, quantity FROM orders JOIN order_lines USING (order_id) JOIN products USING (product_id)
    WHERE customer_id = $1 ORDER BY order_id DESC, line LIMIT ${pageLength}`,
  register: `INSERT INTO customers (login, password_hash, name, address, card, since)
    VALUES ($1, $2, $3, $4, $5, now()) RETURNING customer_id`,
  category: `SELECT product_id, price_cents, title, actor, description FROM products
    WHERE category_id = $1 AND place > $2 ORDER BY place LIMIT ${pageLength}`,
  title: `SELECT product_id, price_cents, title, actor, description FROM products
    WHERE title >= $1 AND title < $2 ORDER BY title LIMIT ${pageLength}`,
  actor: `SELECT product_id, price_cents, title, actor, description FROM products
    WHERE actor = $1 ORDER BY product_id LIMIT ${pageLength}`,
  begin: 'BEGIN',
  order: `INSERT INTO orders (customer_id, ordered_at, total_cents) VALUES ($1, now(), $2) RETURNING order_id`,
  // What is sold out comes anew, as in DVD Store.
  stock: `UPDATE inventory SET sold = sold + $2, stock = CASE WHEN stock < $2 THEN stock + 250 ELSE stock END - $2
    WHERE product_id = $1 RETURNING stock`,
  lines: `INSERT INTO order_lines SELECT $1, * FROM unnest($2::int[], $3::int[], $4::int[], $5::int[])`,
  commit: 'COMMIT',
} as const;

interface Product {
  readonly id: number;
  readonly priceCents: number;
}

/** Resolves when the order is committed. Throws when an answer is not what such a shop gives. */
export async function visitShop(
  ask: Answers,
  catalogue: Catalogue,
  random: SeededRandom,
): Promise<void> {
  const customer = await enter(ask, catalogue, random);
  const seen = new Map<number, Product>();
  for (let browse = 0; browse < browses; browse += 1) {
    for (const product of await look(ask, catalogue, random)) seen.set(product.id, product);
  }
  await order(ask, customer, pick([...seen.values()], random), random);
}

async function enter(ask: Answers, catalogue: Catalogue, random: SeededRandom): Promise<number> {
  if (random.next() < newCustomersShare) {
    const login = `guest${below(2 ** 31, random)}-${below(2 ** 31, random)}`;
    const details = [twoWords(catalogue, random), 'street and town', '4444 4444 4444 4444'];
    const values = [login, passwordHash(login), ...details];
    return onlyNumber(await rowsOf(ask, 'register', values), 'a new customer');
  }
  const login = `user${1 + below(catalogue.registered, random)}`;
  const customer = onlyNumber(await rowsOf(ask, 'login', [login, passwordHash(login)]), login);
  await rowsOf(ask, 'bought', [customer]);
  return customer;
}

/** By category, title or actor, each as often; a title's words may have found nothing. */
async function look(ask: Answers, catalogue: Catalogue, random: SeededRandom): Promise<Product[]> {
  const rows = await ((): Promise<readonly (readonly unknown[])[]> => {
    const kind = below(3, random);
    if (kind === 0) {
      const page = below(Math.floor(catalogue.places / pageLength), random);
      return rowsOf(ask, 'category', [1 + below(catalogue.categories, random), page * pageLength]);
    }
    const words = twoWords(catalogue, random);
    return kind === 1
      ? rowsOf(ask, 'title', [`${words} `, `${words}!`])
      : rowsOf(ask, 'actor', [words]);
  })();
  if (rows.length === 0) throw new Error('the shop has nothing of what was looked for');
  return rows.map(([id, priceCents]) => ({ id: Number(id), priceCents: Number(priceCents) }));
}

/** One to five of those that were seen, in the order of their numbers: so no two orders wait for each other in a circle. */
function pick(seen: readonly Product[], random: SeededRandom): Product[] {
  const left = [...seen];
  const picked: Product[] = [];
  for (let count = 1 + below(linesMax, random); count > 0 && left.length > 0; count -= 1)
    picked.push(...left.splice(below(left.length, random), 1));
  return picked.sort((one, other) => one.id - other.id);
}

async function order(
  ask: Answers,
  customer: number,
  products: readonly Product[],
  random: SeededRandom,
): Promise<void> {
  const quantities = products.map(() => 1 + below(quantityMax, random));
  const total = products.reduce(
    (sum, { priceCents }, index) => sum + priceCents * (quantities[index] ?? 0),
    0,
  );
  await rowsOf(ask, 'begin');
  const order = onlyNumber(await rowsOf(ask, 'order', [customer, total]), 'an order');
  for (const [index, { id }] of products.entries()) {
    const stock = onlyNumber(await rowsOf(ask, 'stock', [id, quantities[index]]), `product ${id}`);
    if (stock < 0) throw new Error(`the shop sold more of product ${id} than it had`);
  }
  await rowsOf(ask, 'lines', [
    order,
    products.map((_, index) => index + 1),
    products.map(({ id }) => id),
    quantities,
    products.map(({ priceCents }) => priceCents),
  ]);
  await rowsOf(ask, 'commit');
}

function rowsOf(
  ask: Answers,
  name: keyof typeof questions,
  values: readonly unknown[] = [],
): Promise<readonly (readonly unknown[])[]> {
  return ask({ name, text: questions[name] }, values);
}

/** Of an answer of one row, whose first column it is. */
function onlyNumber(rows: readonly (readonly unknown[])[], what: string): number {
  const value = Number(rows[0]?.[0] ?? NaN);
  if (rows.length !== 1 || Number.isNaN(value)) throw new Error(`the shop does not know ${what}`);
  return value;
}

function twoWords({ firstWords, secondWords }: Catalogue, random: SeededRandom): string {
  const first = firstWords[below(firstWords.length, random)] ?? '';
  const second = secondWords[below(secondWords.length, random)] ?? '';
  return `${first} ${second}`;
}

/** As shop.sql makes it. */
function passwordHash(login: string): string {
  return createHash('md5').update(`password of ${login}`).digest('hex');
}

function below(limit: number, random: SeededRandom): number {
  return Math.floor(random.next() * limit);
}
