// Pieces that several pages show.
import type { MockApp } from '../mock-apps.js';
import type { MockUser } from '../mock-server.types.js';
import { type Html, html } from './html.js';
import type { PageLanguage } from './layout.js';

/**
 * Where the buttons of a page send what was pressed: the path and the link's own query, so that the
 * link is judged anew and nothing is remembered.
 */
export interface FormTarget {
  readonly action: string;
  /** The page stands in a frame of the application, and 允许 leads the whole window on. */
  readonly leavesFrame?: boolean;
}

/** The app, by its first character and its name. */
export function appLine(app: MockApp): Html {
  return html`<div class="app"><i aria-hidden="true">${[...app.name][0]}</i><span>${app.name}</span></div>`;
}

/** A person, by picture and nickname. */
export function userCard(user: MockUser): Html {
  return html`<div class="card" data-testid="user-card">
    <img src="/avatar/${user.id}.svg/132" alt="" width="48" height="48" /><span
      >${user.nickname}<small>微信个人信息</small></span
    >
    <svg class="tick" viewBox="0 0 22 22" aria-hidden="true">
      <circle cx="11" cy="11" r="11" fill="#07c160" />
      <path d="M6 11.5l3.4 3.4L16 8" fill="none" stroke="#fff" stroke-width="2" />
    </svg>
  </div>`;
}

/**
 * Every user as a button. `prefix` is what their `data-testid` starts with; `noSnapshot` tells
 * those who pick a snapshot user why none comes of it.
 */
export function people(options: {
  users: readonly MockUser[];
  form: FormTarget;
  prefix: string;
  lang: PageLanguage;
  noSnapshot?: string;
}): Html {
  const { users, form, prefix, lang, noSnapshot } = options;
  return html`<form method="post" action="${form.action}">
    <ul class="people">
      ${users.map(
        (user) =>
          html`<li>
            <button name="user" value="${user.id}" data-testid="${prefix}-${user.id}">
              <img src="/avatar/${user.id}.svg/96" alt="" width="48" height="48" /><span
                >${user.nickname}<small>${describe(user, lang)}</small>${user.snapshot && noSnapshot !== undefined && html`<small class="note" data-testid="no-snapshot">${noSnapshot}</small>`}</span
              >
              <svg viewBox="0 0 8 14" aria-hidden="true">
                <path d="M1 1l6 6-6 6" fill="none" stroke="#c4c4c4" stroke-width="2" />
              </svg>
            </button>
          </li>`,
      )}
    </ul>
  </form>`;
}

/** The two buttons of a question, and perhaps links below. `user` is the person who is asked. */
export function buttons(options: {
  form: FormTarget;
  user: string;
  fields?: Readonly<Record<string, string>>;
  yes: { value: string; label: string };
  no: { value: string; label: string };
  links?: Html;
}): Html {
  const { form, user, fields = {}, yes, no, links } = options;
  return html`<form class="buttons" method="post" action="${form.action}">
    <input type="hidden" name="user" value="${user}" />
    ${Object.entries(fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}
    <button
      class="go"
      name="answer"
      value="${yes.value}"
      data-testid="${yes.value}"
      ${form.leavesFrame && html` formtarget="_top"`}
    >
      ${yes.label}
    </button>
    <button class="no" name="answer" value="${no.value}" data-testid="${no.value}">${no.label}</button>
    ${links}
  </form>`;
}

/** What only a developer needs to know; WeChat's page would not say it. */
export function developerHint(text: string | undefined): Html | undefined {
  return text === undefined
    ? undefined
    : html`<div class="hint" data-testid="hint"><b>模拟服务器提示</b>${text}</div>`;
}

/** The id and what is special about somebody. */
export function describe(user: MockUser, lang: PageLanguage): string {
  const words =
    lang === 'en' ? ['follower', 'snapshot page', 'high risk'] : ['已关注', '快照页用户', '高风险用户'];
  const traits = [user.follower && words[0], user.snapshot && words[1], user.blocked && words[2]].filter(
    Boolean,
  );
  return [user.id, ...traits].join(' · ');
}
