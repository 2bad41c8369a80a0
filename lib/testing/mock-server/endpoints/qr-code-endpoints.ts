// `cgi-bin/qrcode/create` and `cgi-bin/showqrcode`: a code that says which scene somebody scanned.
import type { MockAnswer, MockRequest } from '../http/mock-http.js';
import type { MockWorld } from '../mock-world.js';
import { fakeQrCode } from '../pages/fake-qr.js';
import { callingApp, jsonBody } from './app-calls.js';
import type { ApiFields } from './sns-endpoints.js';
import { WechatFailure } from './wechat-failure.js';

interface Kind {
  readonly field: 'scene_id' | 'scene_str';
  readonly permanent: boolean;
}

const KINDS: ReadonlyMap<unknown, Kind> = new Map<unknown, Kind>([
  ['QR_SCENE', { field: 'scene_id', permanent: false }],
  ['QR_STR_SCENE', { field: 'scene_str', permanent: false }],
  ['QR_LIMIT_SCENE', { field: 'scene_id', permanent: true }],
  ['QR_LIMIT_STR_SCENE', { field: 'scene_str', permanent: true }],
]);

/** Of a temporary code, in seconds. */
const USUAL_LIFE = 60;
const LONGEST_LIFE = 30 * 24 * 3_600;

const LONGEST_SCENE = 64;
const HIGHEST_ID = 0xffff_ffff;
const HIGHEST_PERMANENT_ID = 100_000;

/** `POST /cgi-bin/qrcode/create`, with the token of an official account. */
export function createQrCode(request: MockRequest, world: MockWorld): ApiFields {
  const app = callingApp(request, world, 'official-account');
  world.qrCodes.count(app.appId);
  const body = jsonBody(request);
  const kind = KINDS.get(body['action_name']);
  if (!kind) throw new WechatFailure(40052);
  const scene = sceneOf(body['action_info'], kind);
  const expire_seconds = kind.permanent ? undefined : lifeOf(body['expire_seconds']);
  const { ticket, url } = world.qrCodes.create(app.appId, world.origin, scene, expire_seconds);
  return { ticket, expire_seconds, url };
}

/** @throws WechatFailure 40053 for what is not the scene of this kind */
function sceneOf(info: unknown, { field, permanent }: Kind): string {
  const value = child(child(info, 'scene'), field);
  const good =
    field === 'scene_str'
      ? typeof value === 'string' && value.length >= 1 && value.length <= LONGEST_SCENE
      : isWithin(value, permanent ? HIGHEST_PERMANENT_ID : HIGHEST_ID);
  if (!good) throw new WechatFailure(40053);
  return String(value);
}

/** Which code a wrong life gets is inferred: the page lists none for it. */
function lifeOf(value: unknown): number {
  if (value === undefined) return USUAL_LIFE;
  if (!isWithin(value, LONGEST_LIFE)) throw new WechatFailure(40097);
  return value;
}

function isWithin(value: unknown, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= most;
}

function child(parent: unknown, name: string): unknown {
  if (typeof parent !== 'object' || parent === null || !Object.hasOwn(parent, name)) return undefined;
  return (parent as Record<string, unknown>)[name];
}

/** `GET /cgi-bin/showqrcode?ticket=`. No login; 404 for what is no ticket, or is one no more. */
export function showQrCode(request: MockRequest, world: MockWorld): MockAnswer {
  const code = world.qrCodes.byTicket(request.query.get('ticket') ?? '');
  const headers = {
    'Cache-Control': 'no-store',
    'Content-Security-Policy': "default-src 'none'",
    'X-Content-Type-Options': 'nosniff',
  };
  if (!code || !world.qrCodes.lives(code)) {
    return { status: 404, headers: { ...headers, 'Content-Type': 'text/plain' }, body: '' };
  }
  return {
    status: 200,
    headers: { ...headers, 'Content-Type': 'image/svg+xml; charset=utf-8' },
    // Alone, and not within a page, it has to say that it is SVG.
    body: fakeQrCode(code.ticket).text.replace('<svg', '<svg xmlns="http://www.w3.org/2000/svg"'),
  };
}
