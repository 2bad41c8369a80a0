// What somebody meant who wrote an option that there is not.
import { nearestName } from '../../../lib/config/nearest-name.js';

const KNOWN = [
  'appId',
  'secret',
  'type',
  'scope',
  'apps',
  'publicUrl',
  'sessionSecret',
  'endpoints',
  'http',
  'now',
];

it.each([
  ['appID', 'appId'],
  ['appid', 'appId'],
  ['app_id', 'appId'],
  ['APP-ID', 'appId'],
  ['app', 'apps'],
  ['appSecret', undefined],
  ['secrets', 'secret'],
  ['endpoint', 'endpoints'],
  ['publicURL', 'publicUrl'],
  ['publicUri', 'publicUrl'],
  ['sesionSecret', 'sessionSecret'],
  ['session_secret', 'sessionSecret'],
  ['https', 'http'],
  ['nwo', undefined],
  ['x', undefined],
  ['', undefined],
  ['__proto__', undefined],
  ['constructor', undefined],
  ['a'.repeat(1_000_000), undefined],
])('%.20s is meant as %s', (name, meant) => {
  expect(nearestName(name, KNOWN)).toBe(meant);
});

it('means nothing where nothing is known', () => expect(nearestName('appId', [])).toBeUndefined());
