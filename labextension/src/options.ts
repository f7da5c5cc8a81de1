/** The options of a step as fields to fill in: texts ⇄ what the notebook's metadata says. */

import type { Metadata } from './edits';
import type { Json } from './wire';

export type OptionKind = 'count' | 'amount' | 'size' | 'words' | 'engine' | 'flag';

export interface IOption {
  readonly name: string;
  readonly kind: OptionKind;
  /** The option that holds it, for a resource. */
  readonly within?: 'resources';
}

export const ENGINES = ['warm', 'papermill', 'embedded', 'profiling', 'debug'] as const;

export const OPTIONS: readonly IOption[] = [
  { name: 'retries', kind: 'count' },
  { name: 'retry_delay', kind: 'amount' },
  { name: 'timeout', kind: 'amount' },
  { name: 'cpu', kind: 'amount', within: 'resources' },
  { name: 'memory', kind: 'size', within: 'resources' },
  { name: 'gpu', kind: 'count', within: 'resources' },
  { name: 'engine', kind: 'engine' },
  { name: 'cache', kind: 'flag' },
  { name: 'gives', kind: 'words' },
  { name: 'reads', kind: 'words' },
  { name: 'writes', kind: 'words' }
];

/** Return what a field shows; empty where the notebook says nothing. */
export function textOf(options: Metadata, { name, within }: IOption): string {
  const value = within ? entriesOf(options[within])[name] : options[name];
  switch (typeof value) {
    case 'undefined':
      return '';
    case 'string':
      return value;
    default:
      return Array.isArray(value) ? value.map(String).join(', ') : JSON.stringify(value);
  }
}

/** The value that a text means: null takes the default, undefined is none. */
export function valueOf(kind: OptionKind, text: string): Json | undefined {
  const trimmed = text.trim();
  if (trimmed === '') {
    return null;
  }
  switch (kind) {
    case 'count':
      return /^\d+$/.test(trimmed) ? Number(trimmed) : undefined;
    case 'amount':
      return /^\d+(\.\d+)?$/.test(trimmed) && Number(trimmed) > 0 ? Number(trimmed) : undefined;
    case 'size':
      return /^\d+(\.\d+)?\s*([kmgt]i?)?b?$/i.test(trimmed) ? trimmed : undefined;
    case 'words':
      return trimmed.split(',').flatMap(word => word.trim() || []);
    case 'flag':
      return trimmed === 'true';
    case 'engine':
      return trimmed;
  }
}

/** The option to write, and its value, for a field that was filled in. */
export function written(
  options: Metadata,
  { name, within }: IOption,
  value: Json
): readonly [string, Json] {
  if (within === undefined) {
    return [name, value];
  }
  const { [name]: _, ...rest } = entriesOf(options[within]);
  const next = value === null ? rest : { ...rest, [name]: value };
  return [within, Object.keys(next).length > 0 ? next : null];
}

function entriesOf(value: Json | undefined): { [name: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}
