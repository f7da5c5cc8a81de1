import { FocusKeeper } from '../focus';

let part: HTMLElement;
let keeper: FocusKeeper;

beforeEach(() => {
  part = document.createElement('div');
  part.tabIndex = -1;
  part.innerHTML = `
    <button id="run">Run</button>
    <ul>
      <li><button id="cell">Cell</button><button id="leave">Leave out</button></li>
      <li><button id="other">Other</button></li>
    </ul>`;
  document.body.append(part);
  keeper = new FocusKeeper(part);
});

afterEach(() => {
  keeper.dispose();
  part.remove();
});

const at = (id: string): HTMLElement => document.getElementById(id) as HTMLElement;
const soon = (): Promise<void> => new Promise(resolve => setTimeout(resolve));
const focused = (): string => document.activeElement?.id ?? '';

describe('the focus', () => {
  it('goes to what stands nearest when what has it is removed', async () => {
    at('leave').focus();
    at('leave').remove();
    await soon();
    expect(focused()).toBe('cell');
  });

  it('goes to its like when what has it is drawn anew', async () => {
    at('other').focus();
    const anew = at('other').cloneNode(true);
    at('other').replaceWith(anew);
    await soon();
    expect(document.activeElement).toBe(anew);
  });

  it('goes further out when what is around is removed with it', async () => {
    at('other').focus();
    part.querySelector('ul')?.remove();
    await soon();
    expect(focused()).toBe('run');
  });

  it('goes on when what has it is disabled', async () => {
    at('cell').focus();
    at('cell').setAttribute('disabled', '');
    at('cell').blur();
    await soon();
    expect(focused()).toBe('leave');
  });

  it('goes to the part itself when nothing is left in it', async () => {
    at('run').focus();
    part.replaceChildren();
    await soon();
    expect(document.activeElement).toBe(part);
  });

  it('is not taken from where a person went', async () => {
    const elsewhere = document.createElement('button');
    document.body.append(elsewhere);
    at('leave').focus();
    elsewhere.focus();
    at('leave').remove();
    await soon();
    expect(document.activeElement).toBe(elsewhere);
    elsewhere.remove();
  });

  it('stays away once a person left the part', async () => {
    at('leave').focus();
    at('leave').blur();
    await soon();
    at('leave').remove();
    await soon();
    expect(document.activeElement).toBe(document.body);
  });
});
