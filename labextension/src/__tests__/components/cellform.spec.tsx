import React, { act } from 'react';

import { CellForm } from '../../components/cellform';
import { aCell } from '../fakes';
import { click, host, labelled, nothing, show, type } from './stage';

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
    type(labelled('Pause before a retry'), 'long');
    expect(host.querySelector('[role=alert]')?.textContent).toContain('seconds');
    type(labelled('Pause before a retry'), '2.5');
    type(labelled('Memory'), '2 GB');
    type(labelled('Cores'), '');
    expect(did).toEqual([
      ['load', 'retries', 3],
      ['load', 'retry_delay', 2.5],
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
