// The words of the phone's pages, in the two languages.
import type { ChatOutcome } from '../../scan/chats.js';
import type { PageLanguage } from '../layout.js';

/** The words of one language. */
export type PhoneTexts = (typeof TEXTS)['cn'];

const TEXTS = {
  cn: {
    lead: '扫了这个公众号的二维码',
    pick: '用谁的手机扫码？',
    note: '还没有关注的人会先关注，已关注的人直接进入聊天。',
    noPush: '这个公众号还没有设置消息推送，扫码不会有任何结果。先在代码里调用 setPush()。',
    outcome: (outcome: ChatOutcome | undefined) =>
      ({
        replied: '公众号已经回复。',
        silent: '推送已送达，公众号没有回复。',
        'out-of-service': '应用没有给出微信认可的应答。',
        nothing: '还没有推送过消息。',
      })[outcome ?? 'nothing'],
    as: (name: string) => `${name} 的手机`,
    refused: '没有执行',
    back: '返回首页',
  },
  en: {
    lead: 'The QR code of this account was scanned',
    pick: 'Whose phone scanned it?',
    note: 'Who does not follow the account yet does so now; a follower comes to the chat at once.',
    noPush:
      'This account has no message push, so a scan leads to nothing. Call setPush() in your code first.',
    outcome: (outcome: ChatOutcome | undefined) =>
      ({
        replied: 'The account has answered.',
        silent: 'The push has arrived, and the account said nothing.',
        'out-of-service': 'The application gave no answer that WeChat takes.',
        nothing: 'Nothing was pushed yet.',
      })[outcome ?? 'nothing'],
    as: (name: string) => `The phone of ${name}`,
    refused: 'Nothing was done',
    back: 'Back',
  },
};

/** The words of a language. */
export function phoneTexts(lang: PageLanguage): PhoneTexts {
  return TEXTS[lang];
}
