/**
 * The words in the reader's language.
 *
 * Every text that a person reads goes through `trans`, as JupyterLab's own code does it:
 *
 *     trans.__('Run pipeline')
 *     trans.__('Open the run of %1', moment)
 *     trans._n('%1 step', '%1 steps', n)            // `n` is %1; further arguments are %2 …
 *     trans._p('run state', 'waiting')              // a word that is two words elsewhere
 *
 * Texts are literals, so that they can be found: no variable, no template with `${}`, no sentence
 * glued together from parts. Call it where the text is shown, never at the top of a module: a
 * module is read before the language is known. Names that people gave (steps, notebooks) and
 * what the server says are not translated here.
 *
 * `index.ts` calls `speak` once; until then, and in the tests, the texts come back as they are.
 */

import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';

/** The name of our catalogues, as JupyterLab asks for them. */
export const DOMAIN = 'jupyterlab_nbpipe';

type Argument = string | number;

/** What is used of JupyterLab's bundle of translations. */
export interface IWords {
  __(text: string, ...args: Argument[]): string;
  _n(one: string, many: string, n: number, ...args: Argument[]): string;
  _p(context: string, text: string, ...args: Argument[]): string;
}

const AS_WRITTEN: IWords = {
  __: (text, ...args) => fill(text, args),
  _n: (one, many, n, ...args) => fill(n === 1 ? one : many, [n, ...args]),
  _p: (_, text, ...args) => fill(text, args)
};

let spoken = AS_WRITTEN;

/** The texts of this page, in the language that `speak` set. */
export const trans: IWords = {
  __: (text, ...args) => spoken.__(text, ...args),
  _n: (one, many, n, ...args) => spoken._n(one, many, n, ...args),
  _p: (context, text, ...args) => spoken._p(context, text, ...args)
};

/** Take the language of the page; null takes the texts as they are written. */
export function speak(translator: ITranslator | null): void {
  spoken = translator === null ? AS_WRITTEN : spokenBy(translator.load(DOMAIN));
}

function spokenBy(bundle: TranslationBundle): IWords {
  const texts = (args: readonly Argument[]): string[] => args.map(String);
  return {
    __: (text, ...args) => bundle.__(text, ...texts(args)),
    _n: (one, many, n, ...args) => bundle._n(one, many, n, ...texts(args)),
    _p: (context, text, ...args) => bundle._p(context, text, ...texts(args))
  };
}

function fill(text: string, args: readonly Argument[]): string {
  return text.replace(/%(\d+)/g, (mark, number: string) => {
    const value = args[Number(number) - 1];
    return value === undefined ? mark : String(value);
  });
}
