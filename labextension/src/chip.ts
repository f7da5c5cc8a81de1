/** The chip of a cell and the mark of its problems: buttons, each with a card that says more. */

import type { IMark } from './chips';
import type { IFlow } from './marks';
import { fixWords, flowLines, SEVERITY } from './marks';
import type { INote, NoteKind } from './notes';
import { trans } from './translation';
import type { Fix, Problem, Role } from './wire';

const CHIP = 'nbpipe-Chip';
const FAULT = 'nbpipe-Mark';
const NOTES = { suggested: 'nbpipe-Suggested', proven: 'nbpipe-Proven' } as const;
const RANKS = ['error', 'warning', 'info'] as const;

/** Show, change or remove the chip that says a cell's step. */
export function chipButton(header: Element, mark: IMark, open: () => void): void {
  const text = mark.role === undefined ? '' : chipText(mark.role, mark.begins);
  const holder = holderOf(header, CHIP, text !== '', open);
  if (!holder || !mark.role) {
    return;
  }
  const lines = linesOf(mark);
  say(holder, text, trans.__('Pipeline: %1', [text, ...lines].join('; ')), () =>
    paragraphs([titleOf(mark.role), ...lines])
  );
  setOrRemove(holder.button, 'data-nbpipe-role', mark.role.role);
  setOrRemove(holder.button, 'data-nbpipe-begins', mark.begins ? 'true' : null);
}

/** Show, change or remove the mark of a cell's problems. */
export function problemButton(
  header: Element,
  { problems }: IMark,
  actions: { open: () => void; fix: (fix: Fix) => void }
): void {
  const holder = holderOf(header, FAULT, problems.length > 0, actions.open);
  if (!holder) {
    return;
  }
  const worst = RANKS.find(rank => problems.some(({ severity }) => severity === rank)) ?? 'info';
  const text = `${SEVERITY[worst]} ${trans._n('%1 problem', '%1 problems', problems.length)}`;
  const label = problems.map(({ severity, message }) => `${severity}: ${message}`).join(' ');
  say(holder, text, label, () => problems.map(problem => problemNode(problem, actions.fix)));
  setOrRemove(holder.button, 'data-severity', worst);
}

/** Show, change or remove a note at a cell. */
export function noteButton(
  header: Element,
  kind: NoteKind,
  note: INote | null,
  open: () => void
): void {
  const holder = holderOf(header, NOTES[kind], note !== null, open);
  if (holder && note) {
    const { action, lines, text, label } = note;
    say(holder, text, label, () => [
      ...paragraphs(lines),
      ...(action ? [cardButton(action.text, action.act)] : [])
    ]);
    setOrRemove(holder.button, 'data-tone', note.tone);
  }
}

/** Set an attribute, or take it away. */
export function setOrRemove(node: Element, name: string, value: string | null): void {
  if (value === null) {
    node.removeAttribute(name);
  } else if (node.getAttribute(name) !== value) {
    node.setAttribute(name, value);
  }
}

interface IHolder {
  readonly node: HTMLElement;
  readonly button: HTMLButtonElement;
  readonly card: HTMLElement;
}

const holders = new WeakMap<Element, IHolder>();

/** The button of a kind in a cell's header, made or removed as it is wanted. */
function holderOf(
  header: Element,
  kind: string,
  wanted: boolean,
  open: () => void
): IHolder | null {
  const old = header.querySelector<HTMLElement>(`:scope > .${kind}-holder`);
  if (!wanted) {
    old?.remove();
    return null;
  }
  const known = old ? holders.get(old) : undefined;
  if (known) {
    return known;
  }
  const node = document.createElement('span');
  const button = document.createElement('button');
  const card = document.createElement('span');
  node.className = `${kind}-holder`;
  button.type = 'button';
  button.className = kind;
  card.className = 'nbpipe-Card';
  button.addEventListener('click', open);
  showWhileAsked(node, card);
  node.append(button, card);
  header.append(node);
  const holder = { node, button, card };
  holders.set(node, holder);
  return holder;
}

/** The card stays while the pointer or the focus is on it; Escape closes it. */
function showWhileAsked(node: HTMLElement, card: HTMLElement): void {
  const show = (open: boolean) => (): void => {
    card.classList.toggle('nbpipe-mod-open', open);
  };
  node.addEventListener('mouseenter', show(true));
  node.addEventListener('mouseleave', show(false));
  node.addEventListener('focusin', show(true));
  node.addEventListener('focusout', show(false));
  node.addEventListener('keydown', event => {
    if (event.key === 'Escape' && card.classList.contains('nbpipe-mod-open')) {
      show(false)();
      event.stopPropagation();
    }
  });
}

/** Say it, unless it says it already: cells are many, and redrawn often. */
function say(holder: IHolder, text: string, label: string, more: () => Node[]): void {
  if (holder.button.textContent !== text || holder.button.getAttribute('aria-label') !== label) {
    holder.button.textContent = text;
    holder.button.setAttribute('aria-label', label);
    holder.card.replaceChildren(...more());
  }
}

function problemNode(problem: Problem, onFix: (fix: Fix) => void): Node {
  const { fix, severity, message, suggestion } = problem;
  const node = document.createElement('span');
  node.className = 'nbpipe-Card-problem';
  node.append(...paragraphs([`${SEVERITY[severity]} ${message}`, suggestion].filter(Boolean)));
  if (fix) {
    node.append(cardButton(fixWords(fix), () => onFix(fix)));
  }
  return node;
}

function cardButton(text: string, act: () => void): HTMLElement {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'nbpipe-Card-fix';
  button.textContent = text;
  button.addEventListener('click', act);
  return button;
}

function paragraphs(texts: readonly string[]): HTMLElement[] {
  return texts.map(text => {
    const node = document.createElement('span');
    node.className = 'nbpipe-Card-line';
    node.textContent = text;
    return node;
  });
}

/** What flows through the step of a cell, a line each. */
export function linesOf({ role, marks }: IMark): readonly string[] {
  const flow = role?.step ? marks?.flows.get(role.step) : undefined;
  return flow ? known(flow) : [];
}

/** The many cells of a step say the same. */
function known(flow: IFlow): readonly string[] {
  const lines = sentences.get(flow) ?? flowLines(flow);
  sentences.set(flow, lines);
  return lines;
}

const sentences = new WeakMap<IFlow, readonly string[]>();

function titleOf(role: Role | undefined): string {
  return role?.role === 'step' ? trans.__('Step %1', role.step) : (role?.role ?? '');
}

function chipText(role: Role, begins: boolean): string {
  switch (role.role) {
    case 'step':
      return begins ? trans.__('step %1', role.step) : role.step;
    case 'check':
      return role.step ? trans.__('check of %1', role.step) : trans.__('check');
    case 'none':
      return '';
    default:
      return role.role;
  }
}
