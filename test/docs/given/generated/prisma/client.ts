// What `prisma generate` makes of the model that the page shows, as far as the page uses it.
type Value<T> = T | { gt?: T; lte?: T };
interface Row {
  key: string;
  value: Uint8Array;
  expiresAt: bigint;
}
type Data = { value: Uint8Array; expiresAt: bigint | number };
type Where = { key?: string; value?: Uint8Array; expiresAt?: Value<bigint | number> };

export interface PrismaClient {
  wechatToken: {
    findFirst(query: { where: Where }): Promise<Row | null>;
    create(query: { data: { key: string } & Data }): Promise<Row>;
    upsert(query: { where: { key: string }; create: { key: string } & Data; update: Data }): Promise<Row>;
    updateMany(query: { where: Where; data: Data }): Promise<{ count: number }>;
    deleteMany(query: { where: Where }): Promise<{ count: number }>;
  };
}

// eslint-disable-next-line typescript/no-namespace -- as Prisma has it
export namespace Prisma {
  export class PrismaClientKnownRequestError extends Error {
    code = '';
  }
}
