/** Values of parameters as a person types them, and back. */

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
      return /^\s*[-+]?\d+\s*$/.test(text)
        ? { ok: true, value: Number(text) }
        : { ok: false, message: 'A whole number, as 10' };
    case 'number':
      return text.trim() !== '' && Number.isFinite(Number(text))
        ? { ok: true, value: Number(text) }
        : { ok: false, message: 'A number, as 0.5' };
    default:
      return fromJson(parameter, text);
  }
}

function fromJson(parameter: Parameter, text: string): Reading {
  try {
    const value = JSON.parse(text) as Json;
    if (parameter.type === 'array' && !Array.isArray(value)) {
      return { ok: false, message: 'A list, as [1, 2]' };
    }
    if (parameter.type === 'object' && (Array.isArray(value) || typeof value !== 'object')) {
      return { ok: false, message: 'An object, as {"depth": 3}' };
    }
    return { ok: true, value };
  } catch {
    return { ok: false, message: 'JSON, as [1, 2], "text", true or null' };
  }
}
