/** Outputs as they stand in a file, made what JupyterLab shows. */

import type { Json } from './wire';

type Fields = { [key: string]: Json };

/** Join the texts that a notebook file keeps as lists of lines. */
export function joinLines(notebook: Json): Json {
  if (!isObject(notebook) || !Array.isArray(notebook.cells)) {
    return notebook;
  }
  return { ...notebook, cells: notebook.cells.map(withOutputs) };
}

function withOutputs(cell: Json): Json {
  return isObject(cell) && Array.isArray(cell.outputs)
    ? { ...cell, outputs: cell.outputs.map(joinOutput) }
    : cell;
}

function joinOutput(output: Json): Json {
  if (!isObject(output) || !isObject(output.data)) {
    return output;
  }
  const data = Object.entries(output.data).map(([type, value]) => [type, joined(type, value)]);
  return { ...output, data: Object.fromEntries(data) as Fields };
}

/** A list in JSON data is a list; anywhere else it is lines. */
function joined(type: string, value: Json): Json {
  return Array.isArray(value) && !/[/+]json$/.test(type) ? (value as string[]).join('') : value;
}

function isObject(value: Json | undefined): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
