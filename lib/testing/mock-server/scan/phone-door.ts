// The phone's pages: `/q/<id>`, where a code leads, and `/mock/chat/<appId>/<user>`, where a scan
// does. For a person who tries scan to follow by hand.
import { phoneCookie } from '../authorize/visits.js';
import { DESK } from '../desk/desk.js';
import { DeskRefusal } from '../desk/desk-refusal.js';
import { readForm, wrongField } from '../desk/form.js';
import { inLanguage, languageOf } from '../desk/language.js';
import { judgeHost, judgeOrigin } from '../desk/visitors.js';
import type { MockAnswer, MockRequest } from '../http/mock-http.js';
import type { MockUser } from '../mock-server.types.js';
import type { MockWorld } from '../mock-world.js';
import { chatPage } from '../pages/phone/chat-page.js';
import { phonePage, phoneRefusalPage } from '../pages/phone/phone-page.js';
import { phoneTexts } from '../pages/phone/phone-texts.js';
import { scanCode } from './phone.js';
import { QR_CODE, type QrCode } from './qr-codes.js';

const CHAT = '/mock/chat/';

/** Whether it is a page of the phone. */
export function isPhone(path: string): boolean {
  return path.startsWith(QR_CODE) || path.startsWith(CHAT);
}

/** Serves them, to whom the desk is served. A scan takes as long as the application takes. */
export async function servePhone(request: MockRequest, world: MockWorld): Promise<MockAnswer> {
  const lang = languageOf(request);
  try {
    judgeHost(request, world.host);
    if (request.path.startsWith(CHAT)) return chatOf(request, world);
    const code = livingCode(request, world);
    if (request.method === 'POST') return await scanned(request, world, code);
    checkLooking(request, 'GET, HEAD, POST');
    return phonePage({
      app: world.apps.get(code.appId, QR_CODE),
      users: world.users.list(),
      address: inLanguage(request.path, request),
      hasPush: world.pushes.has(code.appId),
      lang,
    });
  } catch (error) {
    if (!(error instanceof DeskRefusal)) throw error;
    const answer = phoneRefusalPage(error.status, error.words[lang], inLanguage(DESK, request), lang);
    return error instanceof WrongMethod
      ? { ...answer, headers: { ...answer.headers, Allow: error.allow } }
      : answer;
  }
}

function chatOf(request: MockRequest, world: MockWorld): MockAnswer {
  checkLooking(request, 'GET, HEAD');
  const [appId = '', userId = '', more] = request.path.slice(CHAT.length).split('/');
  const [app, user] = [world.apps.find(appId), world.users.find(userId)];
  if (!app || !user || more !== undefined) {
    throw new DeskRefusal(404, { cn: '没有这个聊天。', en: 'There is no such chat.' });
  }
  return chatPage(app, user, world.chats.of(app.appId, user.id), languageOf(request));
}

async function scanned(request: MockRequest, world: MockWorld, code: QrCode): Promise<MockAnswer> {
  judgeOrigin(request);
  const user = personIn(request, world);
  if (!world.pushes.has(code.appId)) {
    throw new DeskRefusal(409, { cn: phoneTexts('cn').noPush, en: phoneTexts('en').noPush });
  }
  await scanCode(world, code, user);
  const headers = {
    Location: inLanguage(`${CHAT}${code.appId}/${user.id}`, request),
    'Cache-Control': 'no-store',
    // A link in the chat that leads to a login page is opened on this phone.
    'Set-Cookie': phoneCookie(user.id),
  };
  return { status: 303, headers, body: '' };
}

function personIn(request: MockRequest, world: MockWorld): MockUser {
  const named = readForm(request, ['user']).get('user');
  const user = world.users.find(named ?? '');
  if (user) return user;
  const known = world.users.list().slice(0, 20);
  throw wrongField('user', named, known.map(({ id }) => id).join(', '));
}

/** @throws DeskRefusal 404, 410 */
function livingCode({ path }: MockRequest, { qrCodes }: MockWorld): QrCode {
  const code = qrCodes.byId(path.slice(QR_CODE.length));
  if (!code) throw new DeskRefusal(404, { cn: '没有这个二维码。', en: 'There is no such QR code.' });
  if (qrCodes.lives(code)) return code;
  throw new DeskRefusal(410, {
    cn: '二维码已过期。请在应用的页面上换一个新的。',
    en: 'The QR code has expired. Get a new one on the page of the application.',
  });
}

class WrongMethod extends DeskRefusal {
  constructor(readonly allow: string) {
    super(405, { cn: `这里只有 ${allow}。`, en: `There is only ${allow} here.` });
  }
}

function checkLooking({ method }: MockRequest, allow: string): void {
  if (method !== 'GET' && method !== 'HEAD') throw new WrongMethod(allow);
}
