// What a guarded request costs, beside what people use today.
import { start } from './processes.mjs';
import { compare } from './rounds.mjs';

/** How long a side is measured in a round, in µs. */
const ROUND_US = 100_000;

/** Requests of a first round, which is not counted: so many until compilers have done their work. */
const WARM_UP = 8_000;

/** Cookies that every site in China has besides ours. */
const OTHERS =
  'Hm_lvt_8c7d1f0a=1763990000,1764076400; _ga=GA1.1.1203948123.1763990000; theme=dark; lang=zh-CN';
const PAGE = {
  accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
  'sec-fetch-site': 'none',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
};

const cookieOf = ({ cookie }) => ({ cookie: `${OTHERS}; ${cookie}` });
const bearerOf = ({ authorization }) => ({ cookie: OTHERS, authorization });
const forged = ({ authorization }) => bearerOf({ authorization: authorization.replace(/.{8}$/, 'AAAAAAAA') });
const nobody = () => ({ cookie: OTHERS });
const page = () => ({ cookie: OTHERS, ...PAGE });

/** Each side: its path, whose header fields, how many people, the answer, and what it is beside. */
export const SIDES = {
  'an unguarded route': ['/bare/hello', 'map', nobody, 1, 200, 'a map look-up'],
  'a map look-up': ['/map/hello', 'map', cookieOf, 1, 200],
  'ours, one session': ['/ours/hello', 'ours', cookieOf, 1, 200, 'a map look-up'],
  'ours, one bearer token': ['/ours/hello', 'ours', bearerOf, 1, 200, 'a map look-up'],
  'ours, 5,000 sessions in turn': ['/ours/hello', 'ours', cookieOf, 5_000, 200, 'a map look-up'],
  'ours, each session for the first time': ['/ours/hello', 'ours', cookieOf, 'new', 200, 'a map look-up'],
  'ours, optional, nobody': ['/ours/optional', 'ours', nobody, 1, 200, 'a map look-up'],
  '@nestjs/jwt': ['/jwt/hello', 'jwt', bearerOf, 1, 200, 'a map look-up'],
  'passport-jwt': ['/passport/hello', 'jwt', bearerOf, 1, 200, 'a map look-up'],
  'express-session with passport': ['/session/hello', 'session', cookieOf, 1, 200, 'a map look-up'],
  'a guard that throws': ['/throws/hello', 'map', nobody, 1, 401],
  'ours, 401 to a fetch': ['/ours/hello', 'ours', nobody, 1, 401, 'a guard that throws'],
  'ours, a forged bearer token': ['/ours/hello', 'ours', forged, 500, 401, 'a guard that throws'],
  'a bare 302': ['/bare/away', 'map', page, 1, 302],
  'passport-wechat, start of a login': ['/session/away', 'map', page, 1, 302, 'a bare 302'],
  'ours, start of a login': ['/ours/hello', 'ours', page, 1, 302, 'a bare 302'],
};

/** @returns by side, what `compare` found, in µs of the server's processor for each request */
export async function measureGuard({ adapter, rounds, only = Object.keys(SIDES), env = {} }) {
  const generator = await start('generator.mjs', 'other');
  const server = await start('nest-app.mjs', 'server', { ADAPTER: adapter, ...env });
  const port = await server.ask('port');
  const counts = {};
  const known = {};
  const measure = async (name) => {
    const [path, whose, fieldsOf, people, status] = SIDES[name];
    const mint = async (many) => (await server.ask(whose, many)).map(fieldsOf);
    const count = (counts[name] ??= WARM_UP);
    const list = people === 'new' ? await mint(count) : (known[name] ??= await mint(people));
    await generator.ask(
      'prepare',
      list.map((fields) => [path, fields]),
    );
    const before = await server.ask('cpu');
    const { statuses } = await generator.ask('load', port, count, 32);
    const cost = ((await server.ask('cpu')) - before) / count;
    if (statuses[status] !== count) throw new Error(`${name}: ${JSON.stringify(statuses)}`);
    counts[name] = Math.round(Math.max(ROUND_US / cost, 100));
    return cost;
  };
  const figures = {};
  for (const name of only) {
    const [path, , , , , base] = SIDES[name];
    if (adapter !== 'express' && path.startsWith('/session')) continue;
    if (base)
      figures[name] = await compare(
        () => measure(base),
        () => measure(name),
        rounds,
      );
  }
  generator.stop();
  server.stop();
  return figures;
}
