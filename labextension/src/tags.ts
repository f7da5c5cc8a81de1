/** The tag language: what the tags of a cell say, and the tags that say it. */

import type { Role, RoleKind } from './wire';

/** What the tags of one cell say; `others` are tags of other tools, left alone. */
export interface CellTags {
  readonly role: RoleKind;
  readonly step: string;
  readonly after: readonly string[];
  readonly foreach: string;
  readonly others: readonly string[];
}

/** A change of what the tags say; what is not named stays. */
export type TagChange = Partial<Omit<CellTags, 'others'>>;

/** A cell as far as its tags matter. */
export interface Tagged {
  readonly id: string;
  readonly kind: string;
  readonly tags: readonly string[];
}

type Meaning =
  | { readonly says: 'role'; readonly value: RoleKind }
  | { readonly says: 'step' | 'after' | 'foreach'; readonly value: string };

const WORDS: Readonly<Record<string, RoleKind>> = {
  parameters: 'parameters',
  'pipeline-parameters': 'parameters',
  setup: 'setup',
  imports: 'setup',
  functions: 'setup',
  check: 'check',
  metrics: 'metrics',
  'pipeline-metrics': 'metrics',
  skip: 'skip'
};

const PREFIXES: Readonly<Record<string, 'step' | 'after' | 'foreach'>> = {
  step: 'step',
  block: 'step',
  after: 'after',
  prev: 'after',
  foreach: 'foreach'
};

/** Return what one tag means, or null for a tag of another tool. */
export function meaning(tag: string): Meaning | null {
  const role = WORDS[tag];
  if (role !== undefined) {
    return { says: 'role', value: role };
  }
  const colon = tag.indexOf(':');
  const says = colon < 0 ? undefined : PREFIXES[tag.slice(0, colon)];
  const value = tag.slice(colon + 1).trim();
  return says === undefined || value === '' ? null : { says, value };
}

/** Read the tags of one cell. */
export function readTags(tags: readonly string[]): CellTags {
  const known = tags.map(tag => ({ tag, means: meaning(tag) }));
  const values = (says: Meaning['says']): string[] =>
    known.flatMap(({ means }) => (means?.says === says ? [means.value] : []));
  const step = values('step')[0] ?? '';
  const role = (values('role')[0] ?? (step ? 'step' : 'none')) as RoleKind;
  return {
    role,
    step,
    after: [...new Set(values('after').flatMap(namesIn))],
    foreach: values('foreach')[0] ?? '',
    others: known.flatMap(({ tag, means }) => (means ? [] : [tag]))
  };
}

/** Return the tags that say what `tags` say with `change` made; a synonym in use is kept. */
export function writeTags(tags: readonly string[], change: TagChange): string[] {
  const next = consistent({ ...readTags(tags), ...change });
  const wanted = canonical(next);
  const kept: string[] = [];
  const said = new Set<string>();
  for (const tag of tags) {
    const means = meaning(tag);
    const keys = means ? words(means) : [tag];
    if (
      (means === null || keys.every(key => wanted.includes(key))) &&
      !keys.every(said.has, said)
    ) {
      keys.forEach(key => said.add(key));
      kept.push(tag);
    }
  }
  return [...kept, ...wanted.filter(key => !said.has(key))];
}

/** Return true if any of the cells carries a tag of ours. */
export function isTagged(cells: readonly Tagged[]): boolean {
  return cells.some(cell => cell.tags.some(tag => meaning(tag) !== null));
}

/** The names of the steps that the cells begin, in notebook order. */
export function stepNames(cells: readonly Tagged[]): string[] {
  return [...new Set(cells.map(cell => readTags(cell.tags).step).filter(Boolean))];
}

const NAME = /^[\p{L}\p{N}_][\p{L}\p{N}_.\- ]{0,99}$/u;

/** Whether a step may have that name: letters, digits, `_ . -` and inner spaces. */
export function isName(name: string): boolean {
  return NAME.test(name) && !name.includes('..') && name === name.trim();
}

/** The nearest name that a step may have. */
export function suggestedName(text: string): string {
  const words = text.replace(/[^\p{L}\p{N}_.-]+/gu, '-').replace(/^[-._]+|[-._]+$/g, '');
  return words.replace(/\.{2,}/g, '.').slice(0, 100) || 'step';
}

/** Return a tag with the steps that it names called otherwise; null for one that names none. */
export function renamedIn(tag: string, rename: (step: string) => string): string | null {
  const means = meaning(tag);
  const prefix = tag.slice(0, tag.indexOf(':') + 1);
  switch (means?.says) {
    case 'step':
      return prefix + rename(means.value);
    case 'after':
      return prefix + [...new Set(namesIn(means.value).map(rename))].join(', ');
    default:
      return null;
  }
}

/** Say what each code cell is, from the tags alone: the compiler knows more. */
export function rolesOf(cells: readonly Tagged[]): Map<string, Role> {
  const roles = new Map<string, Role>();
  let step = '';
  for (const cell of cells.filter(({ kind }) => kind === 'code')) {
    const tags = readTags(cell.tags);
    if (tags.role === 'step') {
      step = tags.step;
    }
    roles.set(cell.id, { ...roleBelow(tags.role, step), tagged: tags.role !== 'none' });
  }
  return roles;
}

function roleBelow(role: RoleKind, step: string): Omit<Role, 'tagged'> {
  switch (role) {
    case 'parameters':
    case 'setup':
    case 'skip':
      return { role, step: '' };
    case 'check':
    case 'metrics':
      return { role, step };
    case 'step':
    case 'none':
      return step ? { role: 'step', step } : { role: 'none', step: '' };
  }
}

function consistent(tags: CellTags): CellTags {
  return tags.role === 'step' && tags.step ? tags : { ...tags, step: '', after: [], foreach: '' };
}

function canonical(tags: CellTags): string[] {
  if (tags.role === 'step') {
    return [
      ...(tags.step ? [`step:${tags.step}`] : []),
      ...tags.after.map(name => `after:${name}`),
      ...(tags.foreach ? [`foreach:${tags.foreach}`] : [])
    ];
  }
  return tags.role === 'none' ? [] : [tags.role];
}

/** What a tag says, one word each: `after:a, b` says two things. */
function words({ says, value }: Meaning): string[] {
  switch (says) {
    case 'role':
      return [value];
    case 'after':
      return namesIn(value).map(name => `after:${name}`);
    default:
      return [`${says}:${value}`];
  }
}

function namesIn(value: string): string[] {
  return value.split(',').flatMap(name => name.trim() || []);
}
