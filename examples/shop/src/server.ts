/** Starts the shop on this machine, with a fresh database in memory and one account to try it. */
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { openDatabase } from '../migrations/run.ts';
import { addAccount } from './auth/accounts.ts';
import { shop } from './shop.ts';

const port = Number(process.env['PORT'] ?? 3000);
const secret = process.env['SHOP_SECRET'] ?? randomBytes(32).toString('hex');

const db = openDatabase();
addAccount(db, { email: 'ada@example.com', name: 'Ada', password: 'correct horse battery' });

createServer(shop({ db, secret, nowMs: Date.now })).listen(port, '127.0.0.1', () => {
  process.stdout.write(`Harbour Street Coffee on http://127.0.0.1:${port}\n`);
});
