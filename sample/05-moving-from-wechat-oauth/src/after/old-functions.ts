// The two functions of before.cjs, statement by statement: `token` is still written and read by
// them, and by the old application as long as it runs.
import type { Pool, RowDataPacket } from 'mysql2';

/** A row: every column is text, `create_at` in ms since 1970. */
export interface OldToken {
  access_token: string;
  expires_in: string | number;
  refresh_token: string;
  openid: string;
  scope: string;
  create_at: string | number;
}

export type Callback<T = void> = (error: Error | null, result?: T) => void;

export function oldFunctions(db: Pool) {
  return {
    getToken(openid: string, callback: Callback<OldToken>): void {
      const sql = 'SELECT * FROM token WHERE openid = ?';
      db.query<(RowDataPacket & OldToken)[]>(sql, [openid], (error, result) => {
        if (error) return callback(error);
        return callback(null, result[0]);
      });
    },

    saveToken(openid: string, token: OldToken, callback: Callback): void {
      const sql =
        'REPLACE INTO token(access_token, expires_in, refresh_token, openid, scope, create_at) VALUES(?, ?, ?, ?, ?, ?)';
      const fields = [
        token.access_token,
        token.expires_in,
        token.refresh_token,
        token.openid,
        token.scope,
        token.create_at,
      ];
      db.query(sql, fields, (error) => callback(error));
    },
  };
}
