// What forms of the mock's own pages send, read with care: they may be sent by hand.
import { headerOf, type MockRequest } from '../http/mock-http.js';
import { DeskRefusal } from './desk-refusal.js';

/**
 * The fields by name.
 * @param fields all that may be there
 * @throws DeskRefusal 400 for another field or one twice, 413, 415
 */
export function readForm(request: MockRequest, fields: readonly string[]): ReadonlyMap<string, string> {
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
    if (!fields.includes(name)) throw wrongField(name, value, fields.join(', '));
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

/** 400, with what would have been right. */
export function wrongField(field: string, value: string | undefined, known: string): DeskRefusal {
  const got = value === undefined ? '' : ` ${JSON.stringify(value.slice(0, 64))}`;
  const name = field.slice(0, 64);
  return new DeskRefusal(400, {
    cn: `表单的 ${name}${got} 不对。可用：${known}。`,
    en: `${name}${got} in the form is wrong. Possible: ${known}.`,
  });
}
