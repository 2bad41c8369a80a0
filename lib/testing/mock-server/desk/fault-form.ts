// What the forms of the desk ask for: a fault, or no more faults.
import type { Faults } from '../faults/faults.js';
import type { MockRequest } from '../http/mock-http.js';
import type { MockFault } from '../mock-server.types.js';
import { DeskRefusal } from './desk-refusal.js';
import { readForm, wrongField } from './form.js';
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
  const form = readForm(request, FIELDS);
  switch (form.get('do')) {
    case 'clear':
      return faults.clear();
    case 'inject':
      return inject(form, faults);
    default:
      throw wrongField('do', form.get('do'), 'inject, clear');
  }
}

function inject(form: ReadonlyMap<string, string>, faults: Faults): void {
  const path = form.get('path');
  if (path === undefined || (path !== '*' && !faults.knownPaths.includes(path))) {
    throw wrongField('path', path, ['*', ...faults.knownPaths].join(', '));
  }
  const ready = READY_FAULTS.get(form.get('fault') ?? '');
  if (!ready) throw wrongField('fault', form.get('fault'), [...READY_FAULTS.keys()].join(', '));
  const delayMs = wholeNumber(form, 'delay', 0, LONGEST_DELAY);
  const times = wholeNumber(form, 'times', 1, MOST_TIMES);
  const always = form.get('always');
  if (always !== undefined && always !== '1') throw wrongField('always', always, '1');
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
  if (!/^\d{1,9}$/.test(text) || value < least || value > most)
    throw wrongField(name, text, `${least} – ${most}`);
  return value;
}
