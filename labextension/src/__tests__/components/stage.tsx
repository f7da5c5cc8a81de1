/** A place in which a component is drawn, and the hands that use it. */

import type React from 'react';
import { act } from 'react';
import type { Root } from 'react-dom/client';
import { createRoot } from 'react-dom/client';

export let host: HTMLElement;
let root: Root;

beforeEach(() => {
  (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
  host = document.createElement('div');
  document.body.append(host);
  root = createRoot(host);
});

afterEach(() => {
  act(() => root.unmount());
  host.remove();
});

export function show(element: React.ReactElement): void {
  act(() => root.render(element));
}

export function button(name: string): HTMLButtonElement {
  const found = [...host.querySelectorAll('button')].find(each =>
    (each.getAttribute('aria-label') ?? each.textContent).includes(name)
  );
  if (found === undefined) {
    throw new Error(`No button ${name} in ${host.innerHTML}`);
  }
  return found;
}

/** Open what is folded. */
export function open(name: string): void {
  const summary = [...host.querySelectorAll('summary')].find(each =>
    (each.getAttribute('aria-label') ?? each.textContent).includes(name)
  );
  const details = summary?.parentElement as HTMLDetailsElement;
  act(() => {
    details.open = true;
    details.dispatchEvent(new Event('toggle'));
  });
}

export function click(name: string): void {
  act(() => button(name).click());
}

export function labelled(name: string): HTMLInputElement | null {
  const label = [...host.querySelectorAll('label')].find(each => each.textContent.startsWith(name));
  return label?.querySelector('input') ?? null;
}

/** Type into a field as a person does, and leave it with Enter. */
export function type(field: HTMLInputElement | HTMLSelectElement | null, text: string): void {
  if (field === null) {
    throw new Error('No such field');
  }
  const kind = field instanceof HTMLSelectElement ? HTMLSelectElement : HTMLInputElement;
  act(() => {
    Object.getOwnPropertyDescriptor(kind.prototype, 'value')?.set?.call(field, text);
    field.dispatchEvent(
      new Event(kind === HTMLSelectElement ? 'change' : 'input', { bubbles: true })
    );
  });
  act(() => {
    field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
  });
}

export const nothing = (): void => undefined;
