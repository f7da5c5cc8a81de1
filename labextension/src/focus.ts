/** Keeps the keyboard's focus in a part of the page when what had it goes away. */

import type { IDisposable } from '@lumino/disposable';

const REACHED = 'a[href], button, input, select, textarea, summary, [tabindex]';

/** Once what has the focus is removed or disabled, its like gets it, or the nearest that is left. */
export class FocusKeeper implements IDisposable {
  constructor(private readonly part: HTMLElement) {
    part.addEventListener('focusin', this.onFocus);
    part.addEventListener('focusout', this.onBlur);
    this.observer.observe(part, {
      childList: true,
      subtree: true,
      attributes: true,
      attributeFilter: ['disabled']
    });
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  dispose(): void {
    this._disposed = true;
    this.observer.disconnect();
    this.part.removeEventListener('focusin', this.onFocus);
    this.part.removeEventListener('focusout', this.onBlur);
  }

  private readonly onFocus = ({ target }: FocusEvent): void => {
    const way: Element[] = [];
    for (let each = target as Element | null; each && each !== this.part;) {
      way.push(each);
      each = each.parentElement;
    }
    this.way = way;
    this.called = way[0] ? nameOf(way[0]) : '';
  };

  /** Somebody went elsewhere, unless it was taken away from under them. */
  private readonly onBlur = ({ target }: FocusEvent): void => {
    setTimeout(() => {
      if (target === this.way[0] && !isGone(this.way[0])) {
        this.way = [];
      }
    });
  };

  private look(): void {
    const [last, ...around] = this.way;
    const active = document.activeElement;
    if (!isGone(last) || (active !== null && active !== document.body && active !== last)) {
      return;
    }
    const places = [...around.filter(each => each.isConnected), this.part];
    const again = reachedIn(this.part).find(each => nameOf(each) === this.called);
    const next = again ?? places.map(place => reachedIn(place)[0]).find(each => each);
    this.way = [];
    (next ?? this.part).focus();
  }

  /** What has, or had, the focus, and what it is in, from within. */
  private way: readonly Element[] = [];
  private called = '';
  private readonly observer = new MutationObserver(() => this.look());
  private _disposed = false;
}

function isGone(element: Element | undefined): boolean {
  return element !== undefined && (!element.isConnected || element.matches(':disabled'));
}

function reachedIn(place: Element): HTMLElement[] {
  const all = [...place.querySelectorAll<HTMLElement>(REACHED)];
  return all.filter(each => each.tabIndex >= 0 && !each.matches(':disabled'));
}

/** What it is, and what it is called: the same where it is drawn anew. */
function nameOf(element: Element): string {
  const [label] = element instanceof HTMLInputElement ? (element.labels ?? []) : [];
  const name = element.getAttribute('aria-label') ?? (label ?? element).textContent;
  return `${element.tagName} ${name}`;
}
