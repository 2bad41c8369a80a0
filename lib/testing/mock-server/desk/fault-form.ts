// What the forms of the desk send, read with care: they may be sent by hand.
import type { Faults } from '../faults/faults.js';
import { headerOf, type MockRequest } from '../http/mock-http.js';
import type { MockFault } from '../mock-server.types.js';
import { DeskRefusal } from './desk-refusal.js';
import { READY_FAULTS } from './ready-faults.js';

/** So many may wait, so that a form sent in a loop does not fill the memory. */
export const MOST_FAULTS = 100;
const MOST_TIMES = 10_000;
const LONGEST_DELAY = 600_000;

const FIELDS = ['do', 'path', 'fault', 'delay', 'times', 'always'];

/**
 * Injects what was chosen, or takes back everything.
 * @throws DeskRefusal 400 for what makes no sense, 409 where too many wait, 413, 415
 */
export function actOn(request: MockRequest, faults: Faults): void {
  const form = readForm(request);
  switch (form.get('do')) {
    case 'clear':
      return faults.clear();
    case 'inject':
      return inject(form, faults);
    default:
      throw wrong('do', form.get('do'), 'inject, clear');
  }
}

function inject(form: ReadonlyMap<string, string>, faults: Faults): void {
  const path = form.get('path');
  if (path === undefined || (path !== '*' && !faults.knownPaths.includes(path))) {
    throw wrong('path', path, ['*', ...faults.knownPaths].join(', '));
  }
  const ready = READY_FAULTS.get(form.get('fault') ?? '');
  if (!ready) throw wrong('fault', form.get('fault'), [...READY_FAULTS.keys()].join(', '));
  const delayMs = wholeNumber(form, 'delay', 0, LONGEST_DELAY);
  const times = wholeNumber(form, 'times', 1, MOST_TIMES);
  const always = form.get('always');
  if (always !== undefined && always !== '1') throw wrong('always', always, '1');
  if (faults.list().length >= MOST_FAULTS) {
    throw new DeskRefusal(409, {
      cn: `已有 ${MOST_FAULTS} 个故障在等待。请先清除。`,
      en: `There are ${MOST_FAULTS} faults waiting already. Clear them first.`,
    });
  }
  const fault: MockFault = { ...ready.fault };
  if (delayMs) fault.delayMs = delayMs;
  fault.times = always ? Infinity : (times ?? 1);
  faults.inject(path, fault);
}

function readForm(request: MockRequest): ReadonlyMap<string, string> {
  if (request.bodyTooLarge) {
    throw new DeskRefusal(413, { cn: '表单太大，最多 64 KiB。', en: 'The form is larger than 64 KiB.' });
  }
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(headerOf(request, 'content-type'))) {
    throw new DeskRefusal(415, {
      cn: '请以 application/x-www-form-urlencoded 提交表单。',
      en: 'Send the form as application/x-www-form-urlencoded.',
    });
  }
  const form = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(request.body)) {
    if (!FIELDS.includes(name)) throw wrong(name, value, FIELDS.join(', '));
    if (form.has(name)) {
      throw new DeskRefusal(400, {
        cn: `表单的 ${name} 不止一个。`,
        en: `There is more than one ${name} in the form.`,
      });
    }
    form.set(name, value);
  }
  return form;
}

/** @returns undefined where the field was left empty */
function wholeNumber(
  form: ReadonlyMap<string, string>,
  name: string,
  least: number,
  most: number,
): number | undefined {
  const text = form.get(name)?.trim() ?? '';
  if (text === '') return undefined;
  const value = Number(text);
  if (!/^\d{1,9}$/.test(text) || value < least || value > most) throw wrong(name, text, `${least} – ${most}`);
  return value;
}

function wrong(field: string, value: string | undefined, known: string): DeskRefusal {
  const got = value === undefined ? '' : ` ${JSON.stringify(value.slice(0, 64))}`;
  const name = field.slice(0, 64);
  return new DeskRefusal(400, {
    cn: `表单的 ${name}${got} 不对。可用：${known}。`,
    en: `${name}${got} in the form is wrong. Possible: ${known}.`,
  });
}
