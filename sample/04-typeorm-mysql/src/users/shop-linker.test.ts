// Holds the linker to the contract of identity linkers, on the database of MYSQL_URL: npm test
import { after, describe, it } from 'node:test';
import { describeIdentityLinker } from 'nestjs-wechat-oauth/testing';
import { DataSource } from 'typeorm';
import { databaseOptions } from '../database.module.js';
import { makeDatabase } from '../make-database.js';
import { ShopLinker } from './shop-linker.js';

// jest, vitest and mocha have them as globals; Node's own runner has not.
Object.assign(globalThis, { describe, it });

await makeDatabase();
const database = await new DataSource(databaseOptions).initialize();
after(() => database.destroy());

const linker = new ShopLinker(database);
describeIdentityLinker('ShopLinker', () => ({
  linker,
  signUp: (identity) => linker.findOrCreate(identity),
  idOf: ({ id }) => id,
}));
