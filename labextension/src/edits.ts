/** Changes of a notebook as values: what a rename or a new step does to its tags and metadata. */

import type { Tagged } from './tags';
import { meaning, readTags, renamedIn, rolesOf, writeTags } from './tags';
import type { Fix, Json } from './wire';

/** What `metadata.nbpipe` of a notebook holds. */
export type Metadata = { readonly [name: string]: Json };

/** A cell as far as our edits read it. */
export interface Written extends Tagged {
  readonly source?: string;
}

/** A notebook as far as our edits read it. */
export interface Source {
  readonly cells: readonly Written[];
  /** Null where the notebook's metadata has no entry of ours. */
  readonly metadata: Metadata | null;
}

/** What changes in a notebook. */
export interface Edit {
  /** Cell → all of its tags from now on. */
  readonly tags: ReadonlyMap<string, readonly string[]>;
  /** Cell → all of its text from now on. */
  readonly sources?: ReadonlyMap<string, string>;
  /** The metadata from now on, null for none; left out where they stay. */
  readonly metadata?: Metadata | null;
}

export const NOTHING: Edit = { tags: new Map() };

/** Return true for an edit that changes nothing. */
export function isNothing(edit: Edit): boolean {
  return edit.tags.size === 0 && edit.metadata === undefined && (edit.sources?.size ?? 0) === 0;
}

/** Return the notebook as it is after an edit. */
export function edited(source: Source, edit: Edit): Source {
  return {
    cells: source.cells.map(cell => {
      const text = edit.sources?.get(cell.id) ?? cell.source;
      const tags = edit.tags.get(cell.id) ?? cell.tags;
      return { ...cell, tags, ...(text === undefined ? {} : { source: text }) };
    }),
    metadata: edit.metadata === undefined ? source.metadata : edit.metadata
  };
}

/** Return the edit that takes an edit of `source` back. */
export function inverse(source: Source, edit: Edit): Edit {
  const before = source.cells.filter(({ id }) => edit.tags.has(id));
  const texts = source.cells.filter(({ id }) => edit.sources?.has(id));
  return {
    tags: new Map(before.map(({ id, tags }) => [id, tags])),
    ...(edit.sources ? { sources: new Map(texts.map(cell => [cell.id, cell.source ?? ''])) } : {}),
    ...(edit.metadata === undefined ? {} : { metadata: source.metadata })
  };
}

/** Return what of an edit is still to be made, where `done` was made and changed since. */
export function unlessChanged(source: Source, done: Edit, edit: Edit): Edit {
  const now = new Map(source.cells.map(({ id, tags }) => [id, tags]));
  const kept = [...edit.tags].filter(([id]) => same(now.get(id), done.tags.get(id)));
  const texts = new Map(source.cells.map(cell => [cell.id, cell.source]));
  const sources = [...(edit.sources ?? [])].filter(
    ([id]) => texts.get(id) === done.sources?.get(id)
  );
  const stays = edit.metadata === undefined || !same(source.metadata, done.metadata ?? null);
  return {
    tags: new Map(kept),
    ...(edit.sources ? { sources: new Map(sources) } : {}),
    ...(stays ? {} : { metadata: edit.metadata })
  };
}

/** The tags of one cell. */
export function retagged(cell: string, tags: readonly string[]): Edit {
  return { tags: new Map([[cell, tags]]) };
}

/** The change that a problem offers as its cure. */
export function cured({ cells, metadata }: Source, fix: Fix): Edit {
  const tags = new Map<string, readonly string[]>();
  const sources = new Map<string, string>();
  for (const { cell: id, add, remove, source } of [fix, ...fix.also]) {
    const now = cells.find(each => each.id === id);
    if (now && add.length + remove.length > 0) {
      const kept = (tags.get(now.id) ?? now.tags).filter(tag => !remove.includes(tag));
      tags.set(now.id, [...kept, ...add.filter(tag => !kept.includes(tag))]);
    }
    if (now && source !== null) {
      sources.set(now.id, source);
    }
  }
  return {
    tags,
    ...(sources.size > 0 ? { sources } : {}),
    ...(fix.entry.length > 0 ? { metadata: renamedEntry(metadata ?? {}, fix) } : {})
  };
}

/** An entry of the metadata called otherwise, or taken away. */
function renamedEntry(
  metadata: Metadata,
  { entry: [name, ...below], becomes }: Pick<Fix, 'entry' | 'becomes'>
): Metadata {
  if (name === undefined || metadata[name] === undefined) {
    return metadata;
  }
  if (below.length > 0) {
    const inner = renamedEntry(objectIn(metadata[name]), { entry: below, becomes });
    return { ...metadata, [name]: inner };
  }
  const entries = Object.entries(metadata).filter(([each]) => each !== becomes);
  return Object.fromEntries(
    entries.flatMap(([each, value]) =>
      each !== name ? [[each, value]] : becomes === null ? [] : [[becomes, value]]
    )
  );
}

/** The steps that a notebook names, wherever it does. */
export function mentions({ cells, metadata }: Source): ReadonlySet<string> {
  const names = new Set<string>();
  const note = (name: string): string => {
    names.add(name);
    return name;
  };
  cells.filter(isCode).forEach(({ tags }) => tags.forEach(tag => renamedIn(tag, note)));
  renamedMetadata(metadata, note);
  return names;
}

/** Call a step otherwise, wherever the notebook names it. */
export function renamed(source: Source, from: string, to: string): Edit {
  const rename = (step: string): string => (step === from ? to : step);
  const tags = new Map<string, readonly string[]>();
  for (const cell of source.cells.filter(isCode)) {
    const next = [...new Set(cell.tags.map(tag => renamedIn(tag, rename) ?? tag))];
    if (!same(next, cell.tags) && mentions({ cells: [cell], metadata: null }).has(from)) {
      tags.set(cell.id, next);
    }
  }
  const metadata = renamedMetadata(source.metadata, rename);
  return same(metadata, source.metadata) ? { tags } : { tags, metadata };
}

/** Make the cells a step: the first begins it, and what stands under them stays what it was. */
export function grouped(source: Source, ids: ReadonlySet<string>, name: string): Edit {
  const code = source.cells.filter(isCode);
  const chosen = code.filter(({ id }) => ids.has(id));
  const first = chosen.find(cell => canBegin(cell)) ?? chosen[0];
  if (first === undefined) {
    return NOTHING;
  }
  const read = chosen.map(({ tags }) => readTags(tags));
  const tags = new Map<string, readonly string[]>();
  for (const cell of chosen.filter(each => each !== first && readTags(each.tags).step)) {
    tags.set(cell.id, writeTags(cell.tags, { role: 'none' }));
  }
  const inside = new Set(read.map(({ step }) => step));
  const after = [...new Set(read.flatMap(each => each.after))];
  tags.set(
    first.id,
    writeTags(first.tags, {
      role: 'step',
      step: name,
      after: after.filter(each => each !== name && !inside.has(each)),
      foreach: read.find(({ foreach }) => foreach)?.foreach ?? ''
    })
  );
  const next = code.slice(code.indexOf(chosen.at(-1) ?? first) + 1).find(canBegin);
  const role = next && rolesOf(source.cells).get(next.id);
  if (next && role && !role.tagged && role.step && role.step !== name) {
    tags.set(next.id, writeTags(next.tags, { role: 'step', step: role.step }));
  }
  return withoutGone(source, { tags }, name);
}

/** Names of steps that an edit takes away are names of the step that took their place. */
function withoutGone(source: Source, edit: Edit, name: string): Edit {
  const after = edited(source, edit);
  const gone = [...begun(source)].filter(step => !begun(after).has(step));
  return gone.reduce((sum, step) => combined(sum, renamed(edited(source, sum), step, name)), edit);
}

/** The steps that a notebook's cells begin. */
function begun({ cells }: Source): ReadonlySet<string> {
  return new Set(cells.flatMap(({ tags }) => readTags(tags).step || []));
}

/** Let a step come after another, or no longer so; only what was said by hand is taken away. */
export function ordered(source: Source, step: string, after: string, wanted: boolean): Edit {
  const { metadata } = source;
  if (metadata?.step === step) {
    const names = wordsIn(metadata.after).filter(name => name !== after);
    return { tags: new Map(), metadata: withList(metadata, wanted ? [...names, after] : names) };
  }
  const roles = rolesOf(source.cells);
  const own = source.cells.filter(({ id }) => roles.get(id)?.step === step);
  if (wanted) {
    const first = own[0];
    const now = first ? readTags(first.tags).after : [];
    return first ? retagged(first.id, writeTags(first.tags, { after: [...now, after] })) : NOTHING;
  }
  const saying = own.filter(({ tags }) => readTags(tags).after.includes(after));
  return { tags: new Map(saying.map(({ id, tags }) => [id, withoutAfter(tags, after)])) };
}

/** Return true where a notebook says by hand that a step comes after another. */
export function saysAfter({ cells, metadata }: Source, step: string, after: string): boolean {
  const roles = rolesOf(cells);
  return (
    (metadata?.step === step && wordsIn(metadata.after).includes(after)) ||
    cells.some(
      ({ id, tags }) => roles.get(id)?.step === step && readTags(tags).after.includes(after)
    )
  );
}

/** Set an option of a step; null takes its default again. */
export function optioned(source: Source, step: string, option: string, value: Json): Edit {
  const metadata = source.metadata ?? { version: 1 };
  if (metadata.step === step) {
    return { tags: new Map(), metadata: withEntry(metadata, option, value) };
  }
  const all = objectIn(metadata.steps);
  const own = withEntry(objectIn(all[step]), option, value);
  const steps = withEntry(all, step, Object.keys(own).length > 0 ? { ...own } : null);
  const next = withEntry(metadata, 'steps', Object.keys(steps).length > 0 ? { ...steps } : null);
  return { tags: new Map(), metadata: orNone(next) };
}

/** The options of a step as they are written. */
export function optionsOf({ metadata }: Source, step: string): Metadata {
  return metadata?.step === step ? metadata : objectIn(objectIn(metadata?.steps)[step]);
}

/** Make the whole notebook one step; null makes it a notebook of cell steps again. */
export function asOneStep({ metadata }: Source, name: string | null): Edit {
  const next = withEntry(metadata ?? { version: 1 }, 'step', name);
  return { tags: new Map(), metadata: orNone(next) };
}

function combined(first: Edit, second: Edit): Edit {
  return { ...first, ...second, tags: new Map([...first.tags, ...second.tags]) };
}

function renamedMetadata(
  metadata: Metadata | null,
  rename: (step: string) => string
): Metadata | null {
  if (metadata === null) {
    return null;
  }
  const next: { [name: string]: Json } = { ...metadata };
  if (typeof metadata.step === 'string') {
    next.step = rename(metadata.step);
  }
  if (Array.isArray(metadata.after)) {
    next.after = [...new Set(wordsIn(metadata.after).map(rename))];
  }
  if (isObject(metadata.steps)) {
    const entries = Object.entries(metadata.steps);
    next.steps = Object.fromEntries(entries.map(([step, options]) => [rename(step), options]));
  }
  return next;
}

function withoutAfter(tags: readonly string[], name: string): string[] {
  const after = readTags(tags).after.filter(each => each !== name);
  if (readTags(tags).role === 'step') {
    return writeTags(tags, { after });
  }
  const others = tags.filter(tag => meaning(tag)?.says !== 'after');
  return [...others, ...after.map(each => `after:${each}`)];
}

function canBegin({ tags }: Tagged): boolean {
  return ['none', 'step'].includes(readTags(tags).role);
}

function isCode({ kind }: Tagged): boolean {
  return kind === 'code';
}

function withList(metadata: Metadata, after: readonly string[]): Metadata {
  return withEntry(metadata, 'after', after.length > 0 ? [...after] : null);
}

function withEntry(object: Metadata, name: string, value: Json): Metadata {
  const { [name]: _, ...rest } = object;
  return value === null ? rest : { ...object, [name]: value };
}

/** Metadata that say nothing but their version need not be there. */
function orNone(metadata: Metadata): Metadata | null {
  return Object.keys(metadata).some(name => name !== 'version') ? metadata : null;
}

function wordsIn(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter(item => typeof item === 'string') : [];
}

function objectIn(value: Json | undefined): Metadata {
  return isObject(value) ? value : {};
}

function isObject(value: Json | undefined): value is { [name: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
