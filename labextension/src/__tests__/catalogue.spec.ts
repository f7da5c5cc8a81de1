import { readFileSync } from 'fs';
import { join } from 'path';

import { DOMAIN } from '../translation';
import { readTexts } from './sources';

const ROOT = join(__dirname, '..', '..', '..');
const GERMAN = join(ROOT, 'jupyter_ext/nbpipe_jupyter/locale/de_DE/LC_MESSAGES', `${DOMAIN}.json`);

type Catalogue = { readonly [key: string]: readonly string[] } & {
  readonly '': {
    readonly domain: string;
    readonly language: string;
    readonly plural_forms: string;
  };
};

const { keys, unwrapped } = readTexts(join(ROOT, 'labextension', 'src'));
const german = JSON.parse(readFileSync(GERMAN, 'utf-8')) as Catalogue;
const translated = Object.keys(german).filter(key => key !== '');

/** The places in a text where values are put in. */
const places = (text: string): string[] => (text.match(/%\d/g) ?? []).sort();

describe('the texts of the sources', () => {
  it('all go through trans', () => {
    expect(unwrapped).toEqual([]);
  });

  it('are found', () => {
    expect(keys.size).toBeGreaterThan(100);
    expect(keys.get('Run pipeline')).toBe(1);
    expect(keys.get('%1 step')).toBe(2);
    expect(keys.get('state\u0004waiting')).toBe(1);
  });
});

describe('the German catalogue', () => {
  it('says what it is', () => {
    expect(german['']).toMatchObject({
      domain: DOMAIN,
      language: 'de-DE',
      plural_forms: 'nplurals=2; plural=(n != 1);'
    });
  });

  it('has every text, and none that nobody asks for', () => {
    expect([...keys.keys()].filter(key => !translated.includes(key))).toEqual([]);
    expect(translated.filter(key => !keys.has(key))).toEqual([]);
  });

  it('has as many forms of each as are asked for, none of them empty', () => {
    const wrong = translated.filter(
      key => german[key]?.length !== keys.get(key) || german[key]?.some(text => text === '')
    );
    expect(wrong).toEqual([]);
  });

  it('puts the same values in as the text it translates', () => {
    const wrong = translated.filter(key =>
      (german[key] ?? []).some(text => {
        const [here, there] = [places(text), places(key)];
        // The form for one thing need not name the number.
        return keys.get(key) === 2
          ? here.some(place => !there.includes(place) && place !== '%1')
          : here.join() !== there.join();
      })
    );
    expect(wrong).toEqual([]);
  });
});
