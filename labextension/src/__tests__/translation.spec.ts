import type { ITranslator } from '@jupyterlab/translation';

import { DOMAIN, speak, trans } from '../translation';

/** A translator that shouts. */
function loud(): ITranslator {
  const up = (text: string): string => text.toUpperCase();
  const bundle = {
    __: (text: string) => up(text),
    _n: (one: string, many: string, n: number) => up(n === 1 ? one : many),
    _p: (context: string, text: string) => `${context}: ${up(text)}`
  };
  return {
    load: (domain: string) => (domain === DOMAIN ? bundle : null)
  } as unknown as ITranslator;
}

afterEach(() => speak(null));

describe('a text', () => {
  it('comes back as it is written, with its values put in, where there is no translator', () => {
    expect(trans.__('Open %2 of %1', 'demo', 7)).toBe('Open 7 of demo');
    expect(trans._n('%1 step', '%1 steps', 1)).toBe('1 step');
    expect(trans._n('%1 step of %2', '%1 steps of %2', 3, 'demo')).toBe('3 steps of demo');
    expect(trans._p('state', 'waiting')).toBe('waiting');
    expect(trans.__('100% of %1', 'x')).toBe('100% of x');
  });

  it('is taken from our catalogue once the language is known', () => {
    speak(loud());
    expect(trans.__('Run')).toBe('RUN');
    expect(trans._n('step', 'steps', 2)).toBe('STEPS');
    expect(trans._p('state', 'ok')).toBe('state: OK');
  });
});
