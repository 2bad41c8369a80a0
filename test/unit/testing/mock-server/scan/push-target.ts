// An application with a message push in plain mode, so that the specs read what they are about.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { MockPushFields, WechatMockServer } from '../../../../../lib/testing/index.js';
import { readXmlText, writeMessage } from '../../../../../lib/testing/mock-server/push/push-text.js';
import { OFFICIAL } from '../kit.js';

/** What it got, and what it says. */
export class PushTarget {
  readonly got: MockPushFields[] = [];
  /** The body, `undefined` for no answer at all. */
  answer: (fields: MockPushFields) => string | undefined = () => 'success';
  readonly #server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const echo = new URL(request.url!, 'http://x').searchParams.get('echostr');
      if (echo !== null) return response.end(echo);
      const fields = readXmlText(body.replaceAll('\n<', '<'));
      this.got.push(fields);
      const said = this.answer(fields);
      return said === undefined ? undefined : response.end(said);
    });
  });

  /** Listens, and is what the console of the account says. */
  async attach(wechat: WechatMockServer, appId: string = OFFICIAL.appId): Promise<this> {
    if (!this.#server.listening)
      await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const { port } = this.#server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/push`;
    const mode = 'plain' as const;
    await wechat.setPush({ appId, url, mode, token: 'MockToken', encodingAesKey: 'k'.repeat(43) });
    return this;
  }

  /** Answers every push by this text. */
  says(Content: string): void {
    this.answer = () => reply({ MsgType: 'text', Content });
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

export function reply(fields: MockPushFields): string {
  return writeMessage(fields, 'xml').replace(/(<\/\w+>)\n/g, '$1');
}
