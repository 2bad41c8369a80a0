// The old database: makes it where it is missing, with the table of the old README, and connects to
// it.
import { readFile } from 'node:fs/promises';
import { createPool, type Pool } from 'mysql2';
import { createConnection } from 'mysql2/promise';
import { MYSQL_URL } from './settings.js';

/** The message is one line for the terminal. */
export class DatabaseError extends Error {}

/**
 * A pool with callbacks, as the package `mysql` has it, because the old functions call it like
 * that.
 */
export async function openDatabase(): Promise<Pool> {
  await makeDatabase();
  return createPool(MYSQL_URL);
}

async function makeDatabase(): Promise<void> {
  const url = new URL(MYSQL_URL);
  const name = url.pathname.slice(1);
  url.pathname = '/';
  try {
    const connection = await createConnection({ uri: url.href, connectTimeout: 3_000 });
    try {
      await connection.query('CREATE DATABASE IF NOT EXISTS ??', [name]);
      await connection.query('USE ??', [name]);
      await connection.query(await readFile(new URL('../token.sql', import.meta.url), 'utf8'));
    } finally {
      await connection.end();
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (!['ECONNREFUSED', 'ETIMEDOUT', 'ENOTFOUND'].includes(code ?? '')) {
      throw new DatabaseError(`数据库 ${name} 不可用 · The database ${name} cannot be used: ${message}`);
    }
    throw new DatabaseError(
      `连不上 MySQL ${url.host} · MySQL does not answer there (${code}). Set MYSQL_URL, or in the root of the repository: docker compose -f test/services/compose.yaml up --wait mariadb`,
    );
  }
}
