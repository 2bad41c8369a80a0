// The faults one can choose on the desk: what most often goes wrong, by a word each.
import type { MockFault } from '../mock-server.types.js';
import type { PageLanguage } from '../pages/layout.js';

/** A fault to choose. */
export interface ReadyFault {
  readonly fault: MockFault;
  readonly words: Readonly<Record<PageLanguage, string>>;
  /** Only for the addresses that people see, or only for those that programs call. */
  readonly only?: 'page' | 'api';
}

/** What `slow` waits where no delay was given. */
export const SLOW_MS = 3000;

/** By what the form sends. */
export const READY_FAULTS: ReadonlyMap<string, ReadyFault> = new Map<string, ReadyFault>([
  ['40029', errcode(40029, 'code 无效', 'invalid code')],
  ['40163', errcode(40163, 'code 已用过', 'code been used')],
  ['40125', errcode(40125, 'AppSecret 错误', 'wrong AppSecret')],
  ['45009', errcode(45009, '调用次数已达上限', 'quota used up')],
  ['48001', errcode(48001, '没有接口权限', 'no right to this API')],
  ['-1', errcode(-1, '系统繁忙', 'system busy')],
  ['10003', errcode(10003, '域名与后台配置不一致', 'host not registered', 'page')],
  ['10009', errcode(10009, '操作太频繁', 'too often', 'page')],
  ['hang', { fault: { hang: true }, words: { cn: '一直不回答', en: 'never answers' } }],
  ['reset', { fault: { reset: true }, words: { cn: '断开连接', en: 'cuts the connection' } }],
  ['empty', { fault: { empty: true }, words: { cn: '空回答', en: 'empty answer' } }],
  ['broken', { fault: { brokenJson: true }, words: { cn: 'JSON 不完整', en: 'broken JSON' }, only: 'api' }],
  ['slow', { fault: { delayMs: SLOW_MS }, words: { cn: '只是慢（默认 3 秒）', en: 'only slow (3 s)' } }],
]);

function errcode(code: number, cn: string, en: string, only: 'page' | 'api' = 'api'): ReadyFault {
  return { fault: { errcode: code }, words: { cn: `${code} ${cn}`, en: `${code} ${en}` }, only };
}
