/** Values of parameters as a person types them, and back. */

import { trans } from './translation';
import type { Json, Parameter } from './wire';

/** A typed text read as a value, or what is wrong with it. */
export type Reading =
  { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly message: string };

/** The text that stands for a value in a field of that parameter. */
export function toText(parameter: Parameter, value: Json): string {
  return parameter.type === 'string' && typeof value === 'string' ? value : JSON.stringify(value);
}

/** Read what was typed for a parameter. */
export function fromText(parameter: Parameter, text: string): Reading {
  switch (parameter.type) {
    case 'string':
      return { ok: true, value: text };
    case 'integer':
      return readNumber(
        text,
        /^\s*[-+]?\d+\s*$/.test(text) && Number.isSafeInteger(Number(text)),
        trans.__('A whole number, as 10')
      );
    case 'number':
      return readNumber(
        text,
        text.trim() !== '' && Number.isFinite(Number(text)),
        trans.__('A number, as 0.5')
      );
    default:
      return fromJson(parameter, text);
  }
}

/** The values that differ from their defaults; throws for one that is no value. */
export function givenParameters(
  parameters: readonly Parameter[],
  typed: { readonly [name: string]: string }
): { [name: string]: Json } {
  const values: { [name: string]: Json } = {};
  for (const parameter of parameters) {
    const text = typed[parameter.name];
    const reading = text === undefined ? null : fromText(parameter, text);
    if (reading?.ok === false) {
      throw new Error(
        trans.__('Parameter %1: %2. Nothing was run.', parameter.name, reading.message)
      );
    }
    if (reading !== null) {
      values[parameter.name] = reading.value;
    }
  }
  return values;
}

/** The names of the parameters whose text is no value. */
export function wrongParameters(
  parameters: readonly Parameter[],
  typed: { readonly [name: string]: string }
): readonly string[] {
  return parameters
    .filter(each => typed[each.name] !== undefined && !fromText(each, typed[each.name] ?? '').ok)
    .map(({ name }) => name);
}

function readNumber(text: string, isOne: boolean, message: string): Reading {
  return isOne ? { ok: true, value: Number(text) } : { ok: false, message };
}

function fromJson(parameter: Parameter, text: string): Reading {
  try {
    const value = JSON.parse(text) as Json;
    if (parameter.type === 'array' && !Array.isArray(value)) {
      return { ok: false, message: trans.__('A list, as [1, 2]') };
    }
    if (parameter.type === 'object' && !isObject(value)) {
      return { ok: false, message: trans.__('An object, as {"depth": 3}') };
    }
    return { ok: true, value };
  } catch {
    return { ok: false, message: trans.__('JSON, as [1, 2], "text", true or null') };
  }
}

function isObject(value: Json): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
