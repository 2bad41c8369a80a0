// Whom the desk serves: pages of its own, and programs. Not the pages of other sites that happen to
// be open in the same browser: the mock is on a developer's machine, and they reach it too.
import { isIP } from 'node:net';
import { headerOf, type MockRequest } from '../http/mock-http.js';
import { DeskRefusal } from './desk-refusal.js';

/**
 * A site whose name is made to point at this machine (DNS rebinding) is of one origin with the mock
 * for the browser; only `Host` tells. What the public DNS never answers cannot be such a name.
 * @param host where the mock was told to listen: that name is meant
 * @throws DeskRefusal 403
 */
export function judgeHost(request: MockRequest, host: string): void {
  const name = hostOf(`http://${headerOf(request, 'host')}`)?.hostname.replace(/\.$/, '');
  if (name !== undefined && (isOurs(name) || name === host.toLowerCase())) return;
  throw new DeskRefusal(403, {
    cn: '请用这台机器的地址打开，例如 http://127.0.0.1:8765/；不接受别的域名。',
    en: 'Open it by the address of this machine, e.g. http://127.0.0.1:8765/; other host names are refused.',
  });
}

/**
 * Browsers say where a form stands, and programs, which nobody can trick, need not.
 * @throws DeskRefusal 403
 */
export function judgeOrigin(request: MockRequest): void {
  const site = headerOf(request, 'sec-fetch-site');
  const origin = headerOf(request, 'origin');
  const own = hostOf(`http://${headerOf(request, 'host')}`)?.host;
  const foreign = (site !== '' && site !== 'same-origin') || (origin !== '' && hostOf(origin)?.host !== own);
  if (!foreign) return;
  throw new DeskRefusal(403, {
    cn: '这个表单来自别的网站，没有执行。请在模拟服务器自己的页面上操作。',
    en: 'The form was sent by another site, and nothing was done. Use the page of the mock itself.',
  });
}

function isOurs(name: string): boolean {
  if (isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0) return true;
  return !name.includes('.') || /\.(localhost|local|internal|test)$/.test(name);
}

function hostOf(address: string): URL | undefined {
  return URL.canParse(address) ? new URL(address) : undefined;
}
