// The chat of a person with an account, as the person sees it. Links in it work.
import type { MockAnswer } from '../../http/mock-http.js';
import type { MockApp } from '../../mock-apps.js';
import type { MockUser } from '../../mock-server.types.js';
import type { ChatPiece } from '../../scan/chat-text.js';
import type { Chat, ChatLine } from '../../scan/chats.js';
import { type Html, html } from '../html.js';
import { page, type PageLanguage } from '../layout.js';
import { appLine } from '../parts.js';
import { phoneTexts } from './phone-texts.js';

const STYLE = `
.chat{list-style:none;margin:24px 0 0;padding:0;display:flex;flex-direction:column;gap:14px}
.chat p{max-width:88%;width:fit-content;padding:10px 14px;border-radius:8px;background:#f2f2f2;overflow-wrap:anywhere}
.chat .system p{margin:0 auto;background:none;color:#8a8a8a;font-size:14px;text-align:center}
.chat small{display:block;color:#8a8a8a;font-size:12px}
.chat a{color:#576b95}
.owner{display:flex;align-items:center;gap:10px;color:#737373;font-size:14px}
.owner img{border-radius:4px;display:block}
`;

/** Everything said so far, and what became of the last push. */
export function chatPage(app: MockApp, user: MockUser, chat: Chat, lang: PageLanguage): MockAnswer {
  const texts = phoneTexts(lang);
  return page({
    title: app.name,
    testId: 'chat-page',
    lang,
    style: STYLE,
    content: html`${appLine(app)}
      <div class="owner" data-testid="phone-owner">
        <img src="/avatar/${user.id}.svg/46" alt="" width="23" height="23" /><span
          >${texts.as(user.nickname.trim() || user.id)}</span
        >
      </div>
      <p class="note" data-testid="outcome">${texts.outcome(chat.outcome)}</p>
      <ul class="chat" data-testid="chat">
        ${chat.lines.map(shownLine)}
      </ul>`,
  });
}

function shownLine({ message, pieces }: ChatLine): Html {
  const time = new Date(message.at).toTimeString().slice(0, 5);
  return html`<li class="${message.from}" data-testid="from-${message.from}">
    <small>${time}</small>
    <p>${pieces.map(shownPiece)}</p>
  </li>`;
}

/** What is no address of a page is shown by its words alone. */
function shownPiece({ text, href }: ChatPiece): Html {
  const words = html`${text.split(/\r?\n/).map((line, index) => html`${index > 0 && html`<br />`}${line}`)}`;
  const url = href !== undefined && URL.canParse(href) ? new URL(href) : undefined;
  const leads = url?.protocol === 'http:' || url?.protocol === 'https:';
  return leads ? html`<a href="${url.href}" rel="noreferrer">${words}</a>` : words;
}
