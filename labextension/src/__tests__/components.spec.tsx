import React, { act } from 'react';
import type { Root } from 'react-dom/client';
import { createRoot } from 'react-dom/client';

import { CellForm } from '../components/cellform';
import { ServerNotice } from '../components/empty';
import { Items } from '../components/items';
import { Log } from '../components/log';
import { OneStep } from '../components/onestep';
import { Parameters } from '../components/parameters';
import type { IParametersProps } from '../components/parameters';
import { Problems } from '../components/problems';
import { Runs } from '../components/runs';
import { Steps } from '../components/steps';
import { stepStates } from '../reduce';
import type { Problem, Task } from '../wire';
import { aCell, aCompiled, aFix, aRun, aStep, aTask } from './fakes';

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

/** Open what is folded. */
function open(name: string): void {
  const summary = [...host.querySelectorAll('summary')].find(each =>
    (each.getAttribute('aria-label') ?? each.textContent).includes(name)
  );
  const details = summary?.parentElement as HTMLDetailsElement;
  act(() => {
    details.open = true;
    details.dispatchEvent(new Event('toggle'));
  });
}

function click(name: string): void {
  act(() => button(name).click());
}

function labelled(name: string): HTMLInputElement | null {
  const label = [...host.querySelectorAll('label')].find(each => each.textContent.startsWith(name));
  return label?.querySelector('input') ?? null;
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

const nothing = (): void => undefined;

const aForm = {
  role: null,
  steps: [],
  selected: 1,
  options: {},
  onChange: nothing,
  onRename: nothing,
  onOption: nothing,
  onGroup: nothing
};

describe('the form of a cell', () => {
  it('begins a step when its name is typed', () => {
    const changes: unknown[] = [];
    show(<CellForm {...aForm} cell={aCell('a')} onChange={c => changes.push(c)} />);
    type(host.querySelector('select'), 'step');
    expect(changes).toEqual([]);
    type(host.querySelector('input'), ' load ');
    expect(changes).toEqual([{ role: 'step', step: 'load' }]);
  });

  it('writes any other role at once', () => {
    const changes: unknown[] = [];
    show(<CellForm {...aForm} cell={aCell('a')} onChange={c => changes.push(c)} />);
    type(host.querySelector('select'), 'setup');
    expect(changes).toEqual([{ role: 'setup' }]);
  });

  it('offers the other steps to come after', () => {
    const changes: unknown[] = [];
    const cell = aCell('c', ['step:train', 'after:load']);
    show(
      <CellForm
        {...aForm}
        cell={cell}
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

  it('renames the step everywhere where the name is new, else lets the cell join it', () => {
    const did: unknown[] = [];
    show(
      <CellForm
        {...aForm}
        cell={aCell('a', ['step:load'])}
        steps={['load', 'fit']}
        onChange={change => did.push(change)}
        onRename={(...names) => did.push(names)}
      />
    );
    const field = host.querySelector<HTMLInputElement>('input[type=text]');
    type(field, 'read');
    type(field, 'fit');
    expect(did).toEqual([['load', 'read'], { role: 'step', step: 'fit' }]);
  });

  it('sets options of the step, and says what is no value', () => {
    const did: unknown[] = [];
    const options = { retries: 1, resources: { cpu: 2 } };
    show(
      <CellForm
        {...aForm}
        cell={aCell('a', ['step:load'])}
        options={options}
        onOption={(...option) => did.push(option)}
      />
    );
    expect(host.querySelector('summary')?.textContent).toBe('Options 2 set');
    type(labelled('Retries'), 'often');
    expect(host.querySelector('[role=alert]')?.textContent).toContain('a whole number');
    type(labelled('Retries'), '3');
    type(labelled('Memory'), '2 GB');
    type(labelled('Cores'), '');
    expect(did).toEqual([
      ['load', 'retries', 3],
      ['load', 'resources', { cpu: 2, memory: '2 GB' }],
      ['load', 'resources', null]
    ]);
  });

  it('offers to make the selected cells a step', () => {
    let asked = 0;
    show(<CellForm {...aForm} cell={aCell('a')} selected={3} onGroup={() => asked++} />);
    click('Make 3 cells a step');
    expect(asked).toBe(1);
  });

  it('says what an untagged cell is taken for', () => {
    const role = { role: 'step', step: 'load', tagged: false } as const;
    show(<CellForm {...aForm} cell={aCell('a')} role={role} />);
    expect(host.textContent).toContain('It belongs to step load.');
  });
});

describe('the list of steps', () => {
  const titles = new Map([['c1', 'x = slow()']]);
  const list = (tasks: readonly Task[]): string[] => {
    const opened: string[] = [];
    show(
      <Steps
        compiled={aCompiled({ steps: [aStep('load')] })}
        states={stepStates(aRun({ tasks }))}
        plan={null}
        colours={new Map()}
        titles={titles}
        editable={false}
        onOpen={(step, task) => opened.push(`${step} ${task ?? ''}`)}
        onGoTo={(_, cell) => opened.push(`cell ${cell}`)}
        onRename={nothing}
        onOrder={nothing}
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
    open('2 items');
    click('blue, failed: open executed notebook');
    expect(opened).toEqual(['load load[1]']);
  });
});

describe('the steps of a pipeline that is edited', () => {
  const compiled = aCompiled({
    steps: [aStep('load'), aStep('clean', { after: ['load'] }), aStep('fit')],
    edges: [
      {
        source: 'load',
        target: 'clean',
        kind: 'order',
        names: [],
        reasons: [{ text: 'clean is tagged', notebook: 'demo.ipynb', cell: 'c', line: 2 }],
        learned: false
      }
    ]
  });
  const edit = (): unknown[] => {
    const did: unknown[] = [];
    show(
      <Steps
        compiled={compiled}
        states={new Map()}
        plan={null}
        colours={new Map()}
        titles={new Map()}
        editable={true}
        onOpen={nothing}
        onGoTo={(...place) => did.push(place)}
        onRename={(...names) => did.push(names)}
        onOrder={(...order) => did.push(order)}
      />
    );
    open('Name and order of clean');
    return did;
  };

  it('say why one comes after another, lead to the line, and let the order be removed', () => {
    const did = edit();
    click('clean is tagged');
    click('Remove the order of clean after load');
    expect(did).toEqual([
      ['demo.ipynb', 'c', 2],
      ['clean', 'load', false]
    ]);
  });

  it('are renamed, and told to come after others that do not wait for them', () => {
    const did = edit();
    type(labelled('Name'), 'tidy');
    const choice = host.querySelector('select');
    expect([...(choice?.options ?? [])].map(({ text }) => text)).toEqual(['Come after…', 'fit']);
    type(choice, 'fit');
    expect(did).toEqual([
      ['clean', 'tidy'],
      ['clean', 'fit', true]
    ]);
  });

  it('are searched where they are many', () => {
    const steps = Array.from({ length: 200 }, (_, i) => aStep(`step ${i}`));
    show(
      <Steps
        compiled={aCompiled({ steps })}
        states={new Map()}
        plan={null}
        colours={new Map()}
        titles={new Map()}
        editable={false}
        onOpen={nothing}
        onGoTo={nothing}
        onRename={nothing}
        onOrder={nothing}
      />
    );
    expect(host.querySelectorAll('li')).toHaveLength(50);
    click('Show more: 50 of 200');
    expect(host.querySelectorAll('li')).toHaveLength(200);
    type(host.querySelector('input'), 'step 19');
    expect(host.querySelectorAll('li')).toHaveLength(11);
  });
});

describe('the items of a fan-out', () => {
  const tasks = Array.from({ length: 20_000 }, (_, i) =>
    aTask(`score[${i}]`, { step: 'score', item: `city ${i}`, state: i % 100 ? 'ok' : 'failed' })
  );

  it('are drawn only where they are seen', () => {
    show(<Items step="score" tasks={tasks} onOpen={nothing} />);
    expect(host.querySelectorAll('li').length).toBeLessThan(30);
    expect(host.textContent).toContain('✕ failed 200');
  });

  it('are found by their name and their state', () => {
    show(<Items step="score" tasks={tasks} onOpen={nothing} />);
    type(host.querySelector('input'), 'city 1990');
    expect(host.textContent).toContain('11 items');
    type(host.querySelector('select'), 'failed');
    expect([...host.querySelectorAll('li')].map(item => item.textContent)).toEqual([
      '✕ city 19900'
    ]);
  });
});

describe('the switch that makes a notebook one step', () => {
  it('names the step after the file, and takes it back', () => {
    const did: unknown[] = [];
    const shown = (step: string | null): void =>
      show(
        <OneStep
          path="work/1 fit it.ipynb"
          metadata={step === null ? null : { version: 1, step }}
          onChange={name => did.push(name)}
          onRename={(...names) => did.push(names)}
        />
      );
    shown(null);
    act(() => host.querySelector('input')?.click());
    shown('1-fit-it');
    type(labelled('Its name'), 'fit');
    act(() => host.querySelector('input')?.click());
    expect(did).toEqual(['1-fit-it', ['1-fit-it', 'fit'], null]);
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
    fix: aFix({ cell: 'c1', add: ['setup'], remove: ['check'] })
  };

  it('lead to their cell and offer the cure', () => {
    const did: unknown[] = [];
    show(
      <Problems
        problems={[problem]}
        onGoTo={(...place) => did.push(place)}
        onFix={(...fix) => did.push(fix)}
      />
    );
    expect(host.textContent).toContain('Cell 3, line 3');
    click('Nothing stands above');
    click('Fix: tag it setup instead of check');
    expect(did).toEqual([
      ['demo.ipynb', 'c1', 3],
      ['demo.ipynb', problem.fix]
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
