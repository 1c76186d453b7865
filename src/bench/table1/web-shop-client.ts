/**
 * A process of its own: customers of the web shop, each with a connection of its own.
 *
 *   node web-shop-client.js HOST CUSTOMERS
 *
 * Writes `orders N` four times a second, all orders so far; ends by itself only when a request failed.
 */

import pg from 'pg';

import { SeededRandom } from '../../cli/demo/seeded-random.js';
import { answersOf, readCatalogue } from './shop-connection.js';
import { visitShop } from './shop-visit.js';

const tellIntervalMs = 250;
const port = 5432;

const [host = '', customers = ''] = process.argv.slice(2);
const connections = await Promise.all(Array.from({ length: Number(customers) }, connect));
const [first] = connections;
if (first === undefined) throw new Error('no customers');
const catalogue = await readCatalogue(first);
let orders = 0;
setInterval(() => {
  console.log(`orders ${orders}`);
}, tellIntervalMs);
await Promise.all(
  connections.map(async (connection, index) => {
    const random = new SeededRandom(index);
    for (;;) {
      await visitShop(answersOf(connection), catalogue, random);
      orders += 1;
    }
  }),
).catch((error: unknown) => {
  console.error(String(error));
  process.exit(1);
});

async function connect(): Promise<pg.Client> {
  const client = new pg.Client({ host, port, user: 'vmft', database: 'shop', password: '' });
  await client.connect();
  return client;
}
