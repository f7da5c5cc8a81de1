/** The line of Python that loads what a run kept into the notebook in front. */

/**
 * Return code that binds a value; names stored together give one line each.
 *
 * @param address The run and the task.
 * @param names What the artifact is called: `model`, `fig, ax`, or a file's path.
 * @param project Folder of the run's project, relative to the server's root.
 * @param notebook Path of the notebook that the code is for.
 */
export function loadingCode(
  address: { readonly run: string; readonly task: string },
  names: string,
  project: string,
  notebook: string
): string {
  const place = relativePath(folderOf(notebook), project);
  const more = place === '.' ? '' : `, ${quoted(place)}`;
  const lines = names.split(', ').map(name => {
    const target = /^[\p{L}_][\p{L}\p{N}_]*$/u.test(name) ? name : 'path';
    return `${target} = nbpipe.load(${quoted(`${address.run}/${address.task}/${name}`)}${more})`;
  });
  return ['import nbpipe', '', ...lines].join('\n');
}

/** Return the way from a folder to another; both relative to the same root. */
export function relativePath(from: string, to: string): string {
  const [here, there] = [from, to].map(path => path.split('/').filter(Boolean));
  const [a, b] = [here ?? [], there ?? []];
  let shared = 0;
  while (shared < a.length && shared < b.length && a[shared] === b[shared]) {
    shared++;
  }
  return [...a.slice(shared).map(() => '..'), ...b.slice(shared)].join('/') || '.';
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** A text as Python writes it. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
