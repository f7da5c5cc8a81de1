import React, { act } from 'react';

import { Parameters } from '../../components/parameters';
import type { IParametersProps } from '../../components/parameters';
import { click, host, show, type } from './stage';

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
