// The old application: what people have written with wechat-oauth 1.5 by its README, and as much of
// its behaviour as touches the stored tokens.
import type { Connection, QueryError } from 'mysql2';

/** From the README of wechat-oauth, as it is. */
export const README_TABLE = `
CREATE TABLE \`token\` (
  \`access_token\` varchar(200) COLLATE utf8_bin NOT NULL COMMENT '令牌',
  \`expires_in\` varchar(10) COLLATE utf8_bin NOT NULL COMMENT '有效期',
  \`refresh_token\` varchar(200) COLLATE utf8_bin NOT NULL COMMENT '刷新参数',
  \`openid\` varchar(50) COLLATE utf8_bin NOT NULL COMMENT '用户编号',
  \`scope\` varchar(50) COLLATE utf8_bin NOT NULL COMMENT '作用域',
  \`create_at\` varchar(20) COLLATE utf8_bin NOT NULL COMMENT '令牌建立时间'
) ENGINE=InnoDB DEFAULT CHARSET=utf8 COLLATE=utf8_bin COMMENT='微信令牌表'`;
export const README_KEY = 'ALTER TABLE `token` ADD UNIQUE KEY `openid` (`openid`)';

type Callback = (error?: unknown, token?: never) => void;
type Row = Record<string, string | number>;

/** From the README of wechat-oauth, as it is but for types and `const`. */
export function readmeCallbacks(db: Connection) {
  return {
    getToken: function (openid: string, callback: Callback) {
      const sql = 'SELECT * FROM token WHERE openid = ?';
      db.query(sql, [openid], function (err: QueryError | null, result: unknown) {
        if (err) {
          return callback(err);
        }
        return callback(null, (result as never[])[0]);
      });
    },
    saveToken: function (_: string, token: unknown, callback: Callback) {
      const t = token as Row;
      const sql =
        'REPLACE INTO token(access_token, expires_in, refresh_token, openid, scope, create_at) VALUES(?, ?, ?, ?, ?, ?)';
      const fields = [t.access_token, t.expires_in, t.refresh_token, t.openid, t.scope, t.create_at];
      db.query(sql, fields, function (err: QueryError | null) {
        return callback(err);
      });
    },
  };
}

/** `AccessToken.prototype.isValid` of wechat-oauth 1.5. */
export function isValid(data: Row): boolean {
  return !!data.access_token && Date.now() < (data.create_at as number) + (data.expires_in as number) * 1_000;
}

/**
 * Its requests: what `getAccessToken`, `refreshAccessToken` and `_getUser` send, and what it saves.
 */
export class OldApplication {
  constructor(
    private readonly app: { appId: string; secret: string },
    private readonly api: string,
    private readonly db: ReturnType<typeof readmeCallbacks>,
  ) {}

  async signIn(code: string): Promise<Row> {
    const { appId: appid, secret } = this.app;
    return this.process('/sns/oauth2/access_token', {
      appid,
      secret,
      code,
      grant_type: 'authorization_code',
    });
  }

  async refresh(refreshToken: string): Promise<Row> {
    const { appId: appid } = this.app;
    return this.process('/sns/oauth2/refresh_token', {
      appid,
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
    });
  }

  async userInfo(token: Row): Promise<Row> {
    return this.call('/sns/userinfo', {
      access_token: String(token.access_token),
      openid: String(token.openid),
      lang: 'en',
    });
  }

  private async process(path: string, query: Record<string, string>): Promise<Row> {
    const create_at = Date.now();
    const token = { ...(await this.call(path, query)), create_at } as Row;
    await new Promise<void>((resolve, reject) =>
      this.db.saveToken(String(token.openid), token, (error) => (error ? reject(error) : resolve())),
    );
    return token;
  }

  private async call(path: string, query: Record<string, string>): Promise<Row> {
    const response = await fetch(`${this.api}${path}?${new URLSearchParams(query)}`);
    return (await response.json()) as Row;
  }
}
