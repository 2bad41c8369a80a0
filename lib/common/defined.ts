// Objects without empty fields, for what is kept, sent or compared.

type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** The same object without the keys whose value is undefined, in the same order. */
export function defined<T extends object>(object: T): Defined<T> {
  const full: Partial<T> = {};
  for (const key of Object.keys(object) as (keyof T)[]) {
    if (object[key] !== undefined) full[key] = object[key];
  }
  return full as unknown as Defined<T>;
}
