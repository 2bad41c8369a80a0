// GET /mock/wx-login?app=&user=: a code as `wx.login` or the app SDK gives it, for a mini program
// or native app that runs beside the mock; GET /mock/phone-code?app=&user= one of the phone button.
import type { MockAnswer, MockRequest } from '../http/mock-http.js';
import { givesLoginCodes, issueLoginCode, issuePhoneCode, type LoginCodeApp } from '../login-codes.js';
import type { MockApp } from '../mock-apps.js';
import type { MockUser } from '../mock-server.types.js';
import type { MockWorld } from '../mock-world.js';

/** Where codes of logins are. */
export const WX_LOGIN = '/mock/wx-login';
/** Where codes of the phone button are. */
export const PHONE_BUTTON = '/mock/phone-code';

const PARAMETERS = ['app', 'user'];

/** What is wrong with a question. The message says what to ask instead. */
class WrongQuestion extends Error {}

/**
 * `{ "code": "…" }`, or 400 with what is wrong and who and what exists. No parameter at all asks
 * for the first person at the only mini program.
 */
export function wxLogin(request: MockRequest, world: MockWorld): MockAnswer {
  // What a browser asks before a request with headers of its own, as some HTTP libraries send it.
  if (request.method === 'OPTIONS') return json(204, undefined);
  if (request.method !== 'GET') return json(405, { error: 'Ask by GET.' }, { Allow: 'GET, OPTIONS' });
  try {
    checkNames(request.query);
    const user = chosenUser(request.query.get('user'), world);
    const app = chosenApp(request.query.get('app'), world);
    if (request.path === WX_LOGIN) return json(200, { code: issueLoginCode(world, app, user.id) });
    if (app.type !== 'mini-program') {
      throw new WrongQuestion(
        `"app" ${quoted(app.appId)} is no mini program: only they have a phone button.`,
      );
    }
    return json(200, { code: issuePhoneCode(world, app, user.id) });
  } catch (error) {
    if (!(error instanceof WrongQuestion)) throw error;
    const apps = world.apps.list().filter(givesLoginCodes);
    return json(400, {
      error: error.message,
      apps: apps.map(({ appId, type, name }) => ({ appId, type, name })),
      users: world.users.list().map(({ id, nickname }) => ({ id, nickname })),
    });
  }
}

function checkNames(query: URLSearchParams): void {
  for (const name of query.keys()) {
    if (!PARAMETERS.includes(name)) {
      throw new WrongQuestion(`The parameter ${quoted(name)} is unknown. Known: app, user.`);
    }
    if (query.getAll(name).length > 1) throw new WrongQuestion(`"${name}" is there twice. Give it once.`);
  }
}

function chosenUser(id: string | null, world: MockWorld): MockUser {
  const user = id ? world.users.find(id) : world.users.list()[0];
  if (!user) throw new WrongQuestion(`There is no user ${quoted(id!)}. Give the id of one of "users".`);
  return user;
}

function chosenApp(named: string | null, world: MockWorld): LoginCodeApp {
  const all = world.apps.list();
  const fitting = named ? appsCalled(named, all) : usualApps(all);
  const usable = fitting.filter(givesLoginCodes);
  if (usable.length === 1) return usable[0]!;
  const asked = named ? `${quoted(named)} ` : '';
  if (usable.length > 1) {
    throw new WrongQuestion(`"app" ${asked}may be any of ${idsOf(usable)}. Give the appId of one.`);
  }
  if (fitting.length > 0) {
    throw new WrongQuestion(
      `"app" ${asked}is no mini program or mobile app: people sign in there by a page, ` +
        '/connect/oauth2/authorize or /connect/qrconnect.',
    );
  }
  if (!all.some(givesLoginCodes)) {
    throw new WrongQuestion(
      'No mini program or mobile app is registered here: add one with --app or `apps`.',
    );
  }
  throw new WrongQuestion(`"app" ${asked}is not registered. Give one of "apps".`);
}

/** An appId counts first, then a type or a name. */
function appsCalled(named: string, all: readonly MockApp[]): MockApp[] {
  const exact = all.filter(({ appId }) => appId === named);
  return exact.length > 0 ? exact : all.filter(({ type, name }) => type === named || name === named);
}

/** `wx.login` is a mini program's; a native app is meant only where there is none. */
function usualApps(all: readonly MockApp[]): MockApp[] {
  const minis = all.filter(({ type }) => type === 'mini-program');
  return minis.length > 0 ? minis : all.filter(({ type }) => type === 'mobile');
}

function idsOf(apps: readonly MockApp[]): string {
  return apps.map(({ appId }) => appId).join(', ');
}

/** What came in, on one line and not longer than a name. */
function quoted(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text);
}

/**
 * Pages of any origin may read it: a uni-app page has the address of its development server, and
 * the developer tools have one of their own. Whoever reaches the mock can sign in as anybody
 * anyway, and nobody here is real.
 */
function json(status: number, content: unknown, more: Record<string, string> = {}): MockAnswer {
  return {
    status,
    headers: {
      'Content-Type': 'application/json; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      'Access-Control-Allow-Origin': '*',
      'Access-Control-Allow-Methods': 'GET',
      'Access-Control-Allow-Headers': '*',
      ...more,
    },
    body: content === undefined ? '' : JSON.stringify(content),
  };
}
