// Tells @nestjs/swagger about a route without loading it: leaves the metadata that its decorators
// leave, under their names, which have stayed since its version 4. An application without it pays
// nothing, one with it has nothing to set up.
import { applyDecorators, SetMetadata } from '@nestjs/common';

/** As OpenAPI writes the shape of a value. */
type Schema = Readonly<Record<string, unknown>>;

/** What a client has to know of a route. */
export interface RouteDescription {
  readonly summary: string;
  readonly description?: string;
  /** Strings, all of them optional, by name. */
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Schema;
  /** By status. */
  readonly answers: Readonly<Record<number, { description: string; schema?: Schema }>>;
  /** Names of security schemes: any of them counts, and so does none. */
  readonly security?: readonly string[];
}

/** @see https://docs.nestjs.com/openapi/operations */
export function Described({ query = {}, body, answers, security = [], ...operation }: RouteDescription) {
  const parameters = [
    ...Object.entries(query).map(([name, description]) => ({
      in: 'query',
      name,
      description,
      required: false,
      type: String,
    })),
    ...(body ? [{ in: 'body', required: true, type: String, schema: body }] : []),
  ];
  const ways = security.length > 0 ? [...security.map((name) => ({ [name]: [] })), {}] : [];
  return applyDecorators(
    SetMetadata('swagger/apiOperation', operation),
    SetMetadata('swagger/apiParameters', parameters),
    SetMetadata('swagger/apiResponse', answers),
    SetMetadata('swagger/apiSecurity', ways),
  );
}

/** Of pages and what they ask by themselves: nothing of it is for a client that is generated. */
export function Undescribed() {
  return SetMetadata('swagger/apiExcludeEndpoint', { disable: true });
}
