/** The texts in the sources: those that are translated, and those that are not. */

import { readdirSync, readFileSync } from 'fs';
import { join } from 'path';
import * as ts from 'typescript';

/** Attributes and fields whose value a person reads. */
const READ = new Set([
  'alt',
  'aria-label',
  'body',
  'caption',
  'label',
  'okLabel',
  'cancelLabel',
  'placeholder',
  'sentence',
  'title'
]);
const CALLS = new Set(['__', '_n', '_p']);

export interface Texts {
  /** Keys of the catalogue, as gettext makes them, with how many forms each has. */
  readonly keys: ReadonlyMap<string, 1 | 2>;
  /** Texts that nobody translates: `file:line text`. */
  readonly unwrapped: readonly string[];
}

/** Read all sources below a folder, the tests left out. */
export function readTexts(folder: string): Texts {
  const keys = new Map<string, 1 | 2>();
  const unwrapped: string[] = [];
  for (const file of sourcesIn(folder)) {
    const source = ts.createSourceFile(
      file,
      readFileSync(file, 'utf-8'),
      ts.ScriptTarget.Latest,
      true
    );
    const visit = (node: ts.Node): void => {
      const call = callOf(node);
      if (call !== null) {
        call.forEach(([key, forms]) => keys.set(key, forms));
      }
      if (isForgotten(node)) {
        const { line } = source.getLineAndCharacterOfPosition(node.getStart());
        unwrapped.push(`${file.slice(folder.length + 1)}:${line + 1} ${node.getText().trim()}`);
      }
      node.forEachChild(visit);
    };
    visit(source);
  }
  return { keys, unwrapped };
}

function sourcesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      return entry.name === '__tests__' ? [] : sourcesIn(path);
    }
    return /\.tsx?$/.test(entry.name) ? [path] : [];
  });
}

/** The key that a call of `trans` asks for; a text that is no literal cannot be found. */
function callOf(node: ts.Node): [string, 1 | 2][] | null {
  if (!ts.isCallExpression(node) || !isTrans(node.expression)) {
    return null;
  }
  const name = (node.expression as ts.PropertyAccessExpression).name.text;
  const texts = node.arguments.slice(0, name === '__' ? 1 : 2);
  if (!texts.every(ts.isStringLiteralLike)) {
    throw new Error(`Not a literal: ${node.getText()}`);
  }
  const [first = '', second = ''] = texts.map(text => text.text);
  switch (name) {
    case '_n':
      return [[first, 2]];
    case '_p':
      return [[`${first}\u0004${second}`, 1]];
    default:
      return [[first, 1]];
  }
}

function isTrans(node: ts.Node): boolean {
  return (
    ts.isPropertyAccessExpression(node) &&
    CALLS.has(node.name.text) &&
    node.expression.getText() === 'trans'
  );
}

/** Whether a person reads a text that is not translated. */
function isForgotten(node: ts.Node): boolean {
  if (ts.isJsxText(node)) {
    return hasWords(node.text) && !isCode(node.parent);
  }
  if (
    !isText(node) ||
    !hasWords(
      node
        .getText()
        .slice(1, -1)
        .replace(/\$\{[^}]*\}/g, '')
    )
  ) {
    return false;
  }
  return isRead(node);
}

/** What is to be typed as it stands is the same in every language. */
function isCode(node: ts.Node): boolean {
  return ts.isJsxElement(node) && node.openingElement.tagName.getText() === 'code';
}

function isText(node: ts.Node): boolean {
  return (
    ts.isStringLiteral(node) ||
    ts.isNoSubstitutionTemplateLiteral(node) ||
    ts.isTemplateExpression(node)
  );
}

/** Follow a text upwards to where it goes: to the reader, or elsewhere. */
function isRead(node: ts.Node): boolean {
  const { parent } = node;
  if (ts.isConditionalExpression(parent)) {
    return parent.condition !== node && isRead(parent);
  }
  if (ts.isParenthesizedExpression(parent) || ts.isJsxExpression(parent)) {
    return isRead(parent);
  }
  if (ts.isBinaryExpression(parent)) {
    const joins = ['+', '??', '||', '&&'].includes(parent.operatorToken.getText());
    const assigns = parent.operatorToken.getText() === '=' && isReadName(parent.left);
    return assigns || (joins && isRead(parent));
  }
  if (ts.isJsxElement(parent) || ts.isJsxFragment(parent)) {
    return ts.isJsxExpression(node);
  }
  if (ts.isJsxAttribute(parent) || ts.isPropertyAssignment(parent)) {
    return READ.has(parent.name.getText().replace(/'/g, ''));
  }
  return isReadCall(parent, node);
}

function isReadName(node: ts.Node): boolean {
  return (
    ts.isPropertyAccessExpression(node) && /^(title|caption|textContent)$/.test(node.name.text)
  );
}

/** Errors that are shown, and attributes that are set by hand. */
function isReadCall(call: ts.Node, node: ts.Node): boolean {
  if (ts.isNewExpression(call)) {
    return /Error$/.test(call.expression.getText());
  }
  if (ts.isCallExpression(call) && /setAttribute$/.test(call.expression.getText())) {
    const [name] = call.arguments;
    return node !== name && READ.has(name?.getText().replace(/'/g, '') ?? '');
  }
  return false;
}

function hasWords(text: string): boolean {
  return /\p{L}{2,}/u.test(text);
}
