import React, { act } from 'react';
import type { Root } from 'react-dom/client';
import { createRoot } from 'react-dom/client';

import { CellForm } from '../components/cellform';
import { ServerNotice } from '../components/empty';
import { Log } from '../components/log';
import { Parameters } from '../components/parameters';
import type { IParametersProps } from '../components/parameters';
import { Problems } from '../components/problems';
import { Runs } from '../components/runs';
import { Steps } from '../components/steps';
import { stepStates } from '../reduce';
import type { Problem, Task } from '../wire';
import { aCell, aRun, aStep, aTask } from './fakes';

let host: HTMLElement;
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

function show(element: React.ReactElement): void {
  act(() => root.render(element));
}

function button(name: string): HTMLButtonElement {
  const found = [...host.querySelectorAll('button')].find(each =>
    (each.getAttribute('aria-label') ?? each.textContent).includes(name)
  );
  if (found === undefined) {
    throw new Error(`No button ${name} in ${host.innerHTML}`);
  }
  return found;
}

function click(name: string): void {
  act(() => button(name).click());
}

/** Type into a field as a person does, and leave it with Enter. */
function type(field: HTMLInputElement | HTMLSelectElement | null, text: string): void {
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

describe('the form of a cell', () => {
  it('begins a step when its name is typed', () => {
    const changes: unknown[] = [];
    show(<CellForm cell={aCell('a')} role={null} steps={[]} onChange={c => changes.push(c)} />);
    type(host.querySelector('select'), 'step');
    expect(changes).toEqual([]);
    type(host.querySelector('input'), ' load ');
    expect(changes).toEqual([{ role: 'step', step: 'load' }]);
  });

  it('writes any other role at once', () => {
    const changes: unknown[] = [];
    show(<CellForm cell={aCell('a')} role={null} steps={[]} onChange={c => changes.push(c)} />);
    type(host.querySelector('select'), 'setup');
    expect(changes).toEqual([{ role: 'setup' }]);
  });

  it('offers the other steps to come after', () => {
    const changes: unknown[] = [];
    const cell = aCell('c', ['step:train', 'after:load']);
    show(
      <CellForm
        cell={cell}
        role={null}
        steps={['load', 'train', 'plot']}
        onChange={c => changes.push(c)}
      />
    );
    const boxes = [...host.querySelectorAll<HTMLInputElement>('input[type=checkbox]')];
    expect(boxes.map(box => [box.parentElement?.textContent, box.checked])).toEqual([
      ['load', true],
      ['plot', false]
    ]);
    act(() => boxes[1]?.click());
    act(() => boxes[0]?.click());
    expect(changes).toEqual([{ after: ['load', 'plot'] }, { after: [] }]);
  });

  it('says what an untagged cell is taken for', () => {
    const role = { role: 'step', step: 'load', tagged: false } as const;
    show(<CellForm cell={aCell('a')} role={role} steps={[]} onChange={() => undefined} />);
    expect(host.textContent).toContain('It belongs to step load.');
  });
});

describe('the list of steps', () => {
  const titles = new Map([['c1', 'x = slow()']]);
  const list = (tasks: readonly Task[]): string[] => {
    const opened: string[] = [];
    show(
      <Steps
        steps={[aStep('load')]}
        states={stepStates(aRun({ tasks }))}
        plan={null}
        colours={new Map()}
        titles={titles}
        onOpen={(step, task) => opened.push(`${step} ${task ?? ''}`)}
        onGoTo={(_, cell) => opened.push(`cell ${cell}`)}
      />
    );
    return opened;
  };

  it('shows which cell is running', () => {
    list([aTask('load', { state: 'running', cells: { done: 1, total: 3, current: 'c1' } })]);
    expect(host.textContent).toContain('running');
    expect(host.textContent).toContain('cell 2 of 3');
    expect(host.textContent).toContain('x = slow()');
  });

  it('shows the error of a failed step, as text', () => {
    const error = { name: 'ValueError', message: '<b>no</b>', cell: 'c1', traceback: '' };
    list([aTask('load', { state: 'failed', error })]);
    expect(host.textContent).toContain('ValueError: <b>no</b>');
    expect(host.querySelector('b')).toBeNull();
  });

  it('opens what ran, and leads to the step in the notebook', () => {
    const opened = list([aTask('load', { state: 'ok', notebook: 'r1/load.ipynb' })]);
    click('Open executed notebook of load');
    click('load');
    expect(opened[0]).toBe('load ');
  });

  it('opens each item of a fan-out', () => {
    const opened = list([
      aTask('load[0]', { step: 'load', item: 'red', state: 'ok', notebook: 'r1/0.ipynb' }),
      aTask('load[1]', { step: 'load', item: 'blue', state: 'failed', notebook: 'r1/1.ipynb' })
    ]);
    expect(host.textContent).toContain('2 items, 1 not well');
    click('Open executed notebook of load[1]');
    expect(opened).toEqual(['load load[1]']);
  });
});

describe('problems', () => {
  const problem: Problem = {
    code: 'no-step',
    message: 'Nothing stands above this cell.',
    severity: 'error',
    notebook: 'demo.ipynb',
    cell: 'c1',
    index: 2,
    line: 3,
    suggestion: 'Tag it setup.',
    fix: { cell: 'c1', add: ['setup'], remove: ['check'] }
  };

  it('lead to their cell and offer the cure', () => {
    const did: unknown[] = [];
    show(
      <Problems
        problems={[problem]}
        onGoTo={(notebook, cell) => did.push([notebook, cell])}
        onFix={(...fix) => did.push(fix)}
      />
    );
    expect(host.textContent).toContain('Cell 3, line 3');
    click('Nothing stands above');
    click('Fix: add tag setup, remove tag check');
    expect(did).toEqual([
      ['demo.ipynb', 'c1'],
      ['c1', ['setup'], ['check']]
    ]);
  });

  it('of the whole notebook lead nowhere', () => {
    show(
      <Problems
        problems={[{ ...problem, cell: null, index: null, fix: null }]}
        onGoTo={() => undefined}
        onFix={() => undefined}
      />
    );
    expect(host.querySelector('button')).toBeNull();
  });
});

describe('parameters', () => {
  const depth = { name: 'depth', default: 3, type: 'integer', notebook: '' } as const;
  const nothing = (): void => undefined;
  const idle: IParametersProps['actions'] = {
    setParameter: nothing,
    takePreset: nothing,
    savePreset: nothing,
    deletePreset: nothing
  };
  const form = (more: Partial<IParametersProps>): React.JSX.Element => (
    <Parameters parameters={[depth]} typed={{}} presets={{}} actions={idle} {...more} />
  );

  it('say what is wrong with what was typed', () => {
    show(form({ typed: { depth: 'deep' } }));
    const told = host.querySelector('[role=alert]');
    expect(told?.textContent).toContain('A whole number');
    const input = host.querySelector('input');
    expect(input?.getAttribute('aria-invalid')).toBe('true');
    expect(input?.getAttribute('aria-describedby')).toBe(told?.id);
  });

  it('of which sets are kept are taken by their name, and given up', () => {
    const did: string[] = [];
    const presets = { deep: { depth: '9' } };
    const actions = {
      ...idle,
      takePreset: (name: string) => did.push(`take ${name}`),
      deletePreset: (name: string) => did.push(`delete ${name}`)
    };
    show(form({ typed: { depth: '9' }, presets, actions }));
    expect(host.querySelector('select')?.value).toBe('deep');
    click('Delete preset');
    show(form({ typed: { depth: '5' }, presets, actions }));
    expect(host.querySelector('select')?.value).toBe('');
    act(() => {
      const select = host.querySelector('select');
      Object.assign(select ?? {}, { value: 'deep' });
      select?.dispatchEvent(new Event('change', { bubbles: true }));
    });
    expect(did).toEqual(['delete deep', 'take deep']);
  });

  it('go back to their default', () => {
    const changes: unknown[] = [];
    show(
      form({
        typed: { depth: '5' },
        actions: { ...idle, setParameter: (...c) => changes.push(c) }
      })
    );
    click('Default of depth again');
    type(host.querySelector('input'), '3');
    type(host.querySelector('input'), '7');
    expect(changes).toEqual([
      ['depth', null],
      ['depth', null],
      ['depth', '7']
    ]);
  });
});

describe('runs', () => {
  it('are shown with their state in words, and chosen by a click', () => {
    const chosen: string[] = [];
    show(
      <Runs
        runs={[aRun({ id: 'new', state: 'ok', counts: { ok: 2, reused: 1 } })]}
        shown={null}
        looking={false}
        onShow={id => chosen.push(id)}
        onPage={id => chosen.push(`page of ${id}`)}
        onAll={() => chosen.push('all')}
      />
    );
    expect(host.textContent).toContain('2 ok, 1 reused');
    click('ok');
    click('All runs');
    click('Open');
    expect(chosen).toEqual(['new', 'all', 'page of new']);
  });
});

describe('a server that cannot be used', () => {
  it.each([
    [{ is: 'missing' }, 'does not have the nbpipe server extension'],
    [{ is: 'other', version: '9.0', api: 9 }, 'has nbpipe 9.0, which speaks interface 9'],
    [{ is: 'failing', message: 'It is full.' }, 'nbpipe does not answer: It is full.']
  ] as const)('%j is explained', (server, text) => {
    show(<ServerNotice server={server} onRetry={() => undefined} />);
    expect(host.textContent).toContain(text);
  });
});

describe('the log', () => {
  it('shows each line with its task', () => {
    show(<Log lines={[{ task: 'load', text: '<i>hello</i>', level: 'output' }]} />);
    expect(host.querySelector('pre')?.textContent).toBe('load │ <i>hello</i>');
  });
});
