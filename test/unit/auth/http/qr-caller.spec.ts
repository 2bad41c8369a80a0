// Who may have the parameters of a QR code: by what a browser says of the page that asks.
import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { HttpRequest } from '../../../../lib/auth/http/http-request.js';
import {
  mayEndInFrame,
  refusalOfQrCaller,
  warnOfQrCaller,
  warnOfQrSite,
} from '../../../../lib/auth/http/qr-caller.js';
import { makeLogin } from '../../../support/login-parts.js';

beforeAll(() => Logger.overrideLogger(false));

const OWN = 'https://shop.example.com';
const LISTED = 'https://www.example.com';
const { config } = makeLogin({ returnTo: { origins: [LISTED] } });

const SCRIPT = { accept: 'application/json', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' };
const ask = (headers: Record<string, string>, method = 'GET') =>
  new HttpRequest({ method, url: '/wechat/login/qr', headers });

describe('The parameters of a QR code are for', () => {
  it.each<[string, Record<string, string>]>([
    ['a script of our own', { ...SCRIPT, 'sec-fetch-site': 'same-origin' }],
    ['a fetch that stays at home', { ...SCRIPT, 'sec-fetch-mode': 'same-origin', 'sec-fetch-site': 'same-origin' }],
    ['a script of our own that names its origin', { ...SCRIPT, origin: OWN, 'sec-fetch-site': 'same-origin' }],
    ['a listed sibling', { ...SCRIPT, origin: LISTED, 'sec-fetch-site': 'same-site' }],
    ['a listed origin that a browser takes for another site', { ...SCRIPT, origin: LISTED, 'sec-fetch-site': 'cross-site' }],
    ['an extension, or a tool of a developer', { ...SCRIPT, 'sec-fetch-site': 'none' }],
    ['an old browser', { accept: 'application/json' }],
    ['an old browser at a listed origin', { accept: '*/*', origin: LISTED }],
  ])('%s', (_who, headers) => {
    expect(refusalOfQrCaller(ask(headers), config)).toBeUndefined();
  }); // prettier-ignore
});

describe('They are not for', () => {
  it.each<[string, Record<string, string>]>([
    ['an unlisted sibling', { origin: 'https://evil.example.com', 'sec-fetch-site': 'same-site' }],
    ['an unlisted one that says it is ours', { origin: 'https://evil.example.com', 'sec-fetch-site': 'same-origin' }],
    ['another site', { origin: 'https://evil.test', 'sec-fetch-site': 'cross-site' }],
    ['a page without an origin of its own', { origin: 'null', 'sec-fetch-site': 'cross-site' }],
    ['one that says it is ours', { origin: 'null', 'sec-fetch-site': 'same-origin' }],
    ['an empty origin', { origin: '' }],
    ['two origins', { origin: `${LISTED}, https://evil.test` }],
    ['a listed one twice', { origin: `${LISTED}, ${LISTED}` }],
    ['our host without TLS', { origin: 'http://shop.example.com' }],
    ['our host on another port', { origin: `${OWN}:8443` }],
    ['our origin with a slash', { origin: `${OWN}/` }],
    ['our origin in capitals', { origin: 'https://SHOP.example.com' }],
    ['a host that begins as ours', { origin: `${OWN}.evil.test` }],
    ['a sibling that names no origin', { 'sec-fetch-site': 'same-site' }],
    ['a site that names no origin', { 'sec-fetch-site': 'cross-site' }],
    ['what says two things', { 'sec-fetch-site': 'same-origin, cross-site' }],
    ['what says something new', { 'sec-fetch-site': 'same-party' }],
    ['what says nothing at all', { 'sec-fetch-site': '' }],
  ])('%s', (_who, headers) => {
    expect(refusalOfQrCaller(ask({ ...SCRIPT, ...headers }), config)).toBe('origin');
    // Nobody is let in by asking in another way too.
    expect(refusalOfQrCaller(ask({ accept: '*/*', ...headers }), config)).toBe('origin');
  }); // prettier-ignore

  it.each<[string, Record<string, string> & { method?: string }]>([
    ['a person who opens the address', { ...SCRIPT, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', 'sec-fetch-site': 'none' }],
    ['a frame', { ...SCRIPT, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe', 'sec-fetch-site': 'same-origin' }],
    ['an object', { ...SCRIPT, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'object' }],
    ['a picture', { ...SCRIPT, 'sec-fetch-mode': 'no-cors', 'sec-fetch-site': 'same-origin' }],
    ['a socket', { ...SCRIPT, 'sec-fetch-mode': 'websocket' }],
    ['a mode that came twice', { ...SCRIPT, 'sec-fetch-mode': 'cors, navigate' }],
    ['an old browser that opens a page', { accept: 'text/html,*/*;q=0.8' }],
    ['a prefetch', { ...SCRIPT, 'sec-purpose': 'prefetch' }],
    ['an old prefetch', { accept: '*/*', 'x-moz': 'prefetch' }],
    ['HEAD', { ...SCRIPT, 'sec-fetch-site': 'same-origin', method: 'HEAD' }],
    ['POST from a listed origin', { ...SCRIPT, origin: LISTED, method: 'POST' }],
    ['what opens a socket', { ...SCRIPT, method: 'WEBSOCKET' }],
  ])('%s', (_who, { method, ...headers }) => {
    expect(refusalOfQrCaller(ask(headers, method), config)).toBe('way');
  }); // prettier-ignore

  it('anybody of another origin without the log naming the option', () => {
    const said: string[] = [];
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation((text) => void said.push(text));
    for (let time = 0; time < 2; time++) warnOfQrCaller(config, ask({ origin: 'https://new.example.com' }));
    warnOfQrCaller(config, ask({ 'sec-fetch-site': 'same-site' }));
    for (const site of ['same-site', 'cross-site', 'cross-site'])
      warnOfQrSite(config, ask({ origin: LISTED, 'sec-fetch-site': site }));
    warnOfQrSite(config, ask({ 'sec-fetch-site': 'cross-site' }));
    warn.mockRestore();
    expect(said.splice(-1)).toEqual([expect.stringContaining(`A QR code at "${LISTED}" signs nobody in`)]);
    expect(said).toEqual([
      expect.stringContaining('"https://new.example.com": the option returnTo.origins'),
      expect.stringContaining('Sec-Fetch-Site: same-site'),
    ]);
  });
});

describe('A login may end in a frame', () => {
  it.each([
    ['same-origin', true],
    ['same-site', true],
    ['cross-site', false],
    ['none', false],
    ['same-origin, same-site', false],
    [undefined, false],
  ])('of a page that the browser calls %s: %s', (site, may) => {
    expect(mayEndInFrame(ask({ ...SCRIPT, ...(site ? { 'sec-fetch-site': site } : {}) }))).toBe(may);
  });
});
