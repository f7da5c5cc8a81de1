import { PageMemory } from '../kept';
import { readSettings, DEFAULTS, withPreset } from '../settings';

describe('what was typed', () => {
  beforeEach(() => {
    window.localStorage.clear();
  });

  it('is there again at the next visit, for each notebook of each server', async () => {
    const typed = { depth: '9' };
    new PageMemory(window.localStorage, '/a/').keep('x.ipynb', { scope: 'project', typed });
    const later = new PageMemory(window.localStorage, '/a/');
    expect(await later.recall('x.ipynb')).toEqual({ scope: 'project', typed });
    expect(await later.recall('y.ipynb')).toBeNull();
    expect(await new PageMemory(window.localStorage, '/b/').recall('x.ipynb')).toBeNull();
  });

  it('is nothing where the store holds what is not ours', async () => {
    window.localStorage.setItem('nbpipe:/a/:x.ipynb', '[not JSON');
    expect(await new PageMemory(window.localStorage, '/a/').recall('x.ipynb')).toBeNull();
  });
});

describe('settings', () => {
  it('take their defaults where they are of another type', () => {
    expect(readSettings({ tellAfter: 'soon', statusBar: false, more: 1 })).toEqual({
      ...DEFAULTS,
      statusBar: false
    });
  });

  it('hold presets by notebook and name', () => {
    const one = withPreset({}, 'x.ipynb', 'deep', { depth: '9' });
    expect(one).toEqual({ 'x.ipynb': { deep: { depth: '9' } } });
    expect(withPreset(one, 'x.ipynb', 'deep', null)).toEqual({});
  });
});
