import React from 'react';

import { Steps } from '../../components/steps';
import { stepStates } from '../../reduce';
import type { Task } from '../../wire';
import { aCompiled, aRun, aStep, aTask } from '../fakes';
import { click, host, labelled, nothing, open, show, type } from './stage';

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
