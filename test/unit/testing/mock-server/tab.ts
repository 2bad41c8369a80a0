// A browser's tab without JavaScript: links, forms, a cookie.
import type { WechatMockServer } from '../../../../lib/testing/index.js';

/**
 * One tab of a browser: follows redirects on the server, keeps its cookies, presses buttons by
 * `data-testid`.
 */
export class Tab {
  html = '';
  url = '';
  headers: Headers = new Headers();
  /** Status and address of every answer, redirects too, oldest first. */
  readonly answers: { method: string; status: number; url: string }[] = [];
  #cookies = new Map<string, string>();

  constructor(private readonly server: WechatMockServer) {}

  async open(link: string): Promise<this> {
    return this.#go(link.replace('https://open.weixin.qq.com', this.server.endpoints.open), {
      method: 'GET',
    });
  }

  async press(testId: string): Promise<this> {
    const button = new RegExp(`<button[^>]*data-testid="${testId}"[^>]*>`).exec(this.html);
    const before = this.html.slice(0, button!.index);
    const form = before.slice(before.lastIndexOf('<form'));
    const fields = [...form.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)"/g)];
    const chosen = / name="(\w+)" value="([^"]*)"/.exec(button![0])!;
    const action = /action="([^"]*)"/.exec(form)![1]!.replaceAll('&amp;', '&');
    const body = new URLSearchParams();
    for (const [, name, value] of [...fields, chosen]) body.append(name!, value!);
    return this.#go(new URL(action, this.url).href, { method: 'POST', body });
  }

  shows(testId: string): boolean {
    return this.html.includes(`data-testid="${testId}"`);
  }

  async #go(url: string, init: RequestInit): Promise<this> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, {
      ...init,
      redirect: 'manual',
      headers: { cookie: `other=1; ${cookie}` },
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^(\w+)=([^;]*)/.exec(line)!;
      if (line.includes('Max-Age=0')) this.#cookies.delete(name!);
      else this.#cookies.set(name!, value!);
    }
    this.answers.push({ method: init.method!, status: response.status, url });
    this.url = url;
    this.headers = response.headers;
    this.html = (await response.text()).replace(/\s+/g, ' ');
    const location = response.headers.get('location');
    if (!location) return this;
    const next = new URL(location, url).href;
    if (next.startsWith(this.server.endpoints.open)) return this.#go(next, { method: 'GET' });
    this.url = next;
    return this;
  }
}
