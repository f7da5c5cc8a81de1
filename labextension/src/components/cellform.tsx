/** What the active cell is to the pipeline, and where that is changed. */

import React from 'react';

import type { Metadata } from '../edits';
import type { TagChange } from '../tags';
import { readTags } from '../tags';
import type { ICell } from '../tokens';
import { trans } from '../translation';
import type { Json, Role, RoleKind } from '../wire';
import { roleWords } from '../words';
import { Field, TextField } from './fields';
import { Section } from './section';
import { StepOptions } from './stepoptions';

export interface ICellFormProps {
  readonly cell: ICell;
  /** What the compiler takes the cell for. */
  readonly role: Role | null;
  /** The steps there are. */
  readonly steps: readonly string[];
  /** How many cells are selected with it. */
  readonly selected: number;
  /** The options of the cell's step, as they are written. */
  readonly options: Metadata;
  readonly onChange: (change: TagChange) => void;
  readonly onRename: (step: string, name: string) => void;
  readonly onOption: (step: string, option: string, value: Json) => void;
  /** Make the selected cells a step. */
  readonly onGroup: () => void;
}

export function CellForm(props: ICellFormProps): React.JSX.Element {
  const { cell, selected } = props;
  const title = trans.__('Cell %1', cell.index + 1);
  return (
    <Section title={title} label={trans.__('Cell')} extra={<Preview cell={cell} />}>
      {selected > 1 ? <Group {...props} /> : null}
      {cell.kind === 'code' ? (
        <RoleForm {...props} />
      ) : (
        <p className="nbpipe-Hint">{trans.__('Only code cells are part of a pipeline.')}</p>
      )}
    </Section>
  );
}

function Group({ selected, onGroup }: ICellFormProps): React.JSX.Element {
  return (
    <div className="nbpipe-Buttons nbpipe-Group">
      <button type="button" className="jp-mod-styled" onClick={onGroup}>
        {trans._n('Make %1 cell a step…', 'Make %1 cells a step…', selected)}
      </button>
    </div>
  );
}

function RoleForm(props: ICellFormProps): React.JSX.Element {
  const { cell, role, steps, options, onChange, onRename, onOption } = props;
  const tags = readTags(cell.tags);
  const [beginning, setBeginning] = React.useState(false);
  const chosen: RoleKind = beginning ? 'step' : tags.role;
  const step = tags.step || (role?.step ?? '');
  const choose = (value: RoleKind): void => {
    setBeginning(value === 'step');
    if (value !== 'step') {
      onChange({ role: value });
    }
  };
  const name = (text: string): void => {
    setBeginning(false);
    if (text && tags.step && !beginning && !steps.includes(text)) {
      onRename(tags.step, text);
    } else {
      onChange(text ? { role: 'step', step: text } : { role: 'none' });
    }
  };
  return (
    <div className="nbpipe-Form">
      <Field label={trans.__('Role')}>
        <select
          className="jp-mod-styled"
          value={chosen}
          onChange={event => choose(event.target.value as RoleKind)}
        >
          {roleWords().map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      </Field>
      <Meaning chosen={chosen} role={role} />
      {chosen === 'step' ? (
        <StepFields tags={tags} steps={steps} fresh={beginning} onName={name} onChange={onChange} />
      ) : null}
      {step && !beginning ? (
        <StepOptions
          key={step}
          options={options}
          onChange={(option, value) => onOption(step, option, value)}
        />
      ) : null}
    </div>
  );
}

function Preview({ cell }: { cell: ICell }): React.JSX.Element {
  return <code className="nbpipe-Preview">{cell.title}</code>;
}

/** What the role means; for an untagged cell, what it is taken for. */
function Meaning({
  chosen,
  role
}: {
  chosen: RoleKind;
  role: Role | null;
}): React.JSX.Element | null {
  const text =
    chosen === 'none' ? takenFor(role) : (roleWords().find(([kind]) => kind === chosen)?.[2] ?? '');
  return text ? <p className="nbpipe-Hint">{text}</p> : null;
}

function takenFor(role: Role | null): string {
  if (role === null) {
    return '';
  }
  switch (role.role) {
    case 'step':
      return trans.__('It belongs to step %1.', role.step);
    case 'none':
      return trans.__('No step stands above it.');
    default:
      return trans.__('It is taken for %1: its code says so.', role.role);
  }
}

interface IStepFieldsProps {
  readonly tags: ReturnType<typeof readTags>;
  readonly steps: readonly string[];
  readonly fresh: boolean;
  readonly onName: (step: string) => void;
  readonly onChange: (change: TagChange) => void;
}

function StepFields(props: IStepFieldsProps): React.JSX.Element {
  const { tags, steps, fresh, onName, onChange } = props;
  const others = steps.filter(name => name !== tags.step);
  const toggle = (name: string, on: boolean): void =>
    onChange({ after: on ? [...tags.after, name] : tags.after.filter(each => each !== name) });
  return (
    <>
      <TextField
        label={trans.__('Step name')}
        value={tags.step}
        suggestions={steps}
        placeholder={trans.__('A name, then Enter')}
        autoFocus={fresh}
        onCommit={onName}
      />
      {fresh ? null : (
        <>
          <After others={others} after={tags.after} onToggle={toggle} />
          <TextField
            label={trans.__('For each')}
            value={tags.foreach}
            placeholder={trans.__('item in items')}
            onCommit={foreach => onChange({ foreach })}
          />
        </>
      )}
    </>
  );
}

interface IAfterProps {
  readonly others: readonly string[];
  readonly after: readonly string[];
  readonly onToggle: (name: string, on: boolean) => void;
}

/** More steps than that are a list too long to read: those chosen, and a field for others. */
const FEW = 12;

function After({ others, after, onToggle }: IAfterProps): React.JSX.Element | null {
  const names = [...new Set([...others, ...after])];
  const shown = names.length > FEW ? after : names;
  if (names.length === 0) {
    return null;
  }
  return (
    <fieldset className="nbpipe-After">
      <legend>{trans.__('After (order without data)')}</legend>
      {shown.map(name => (
        <label key={name}>
          <input
            type="checkbox"
            checked={after.includes(name)}
            onChange={event => onToggle(name, event.target.checked)}
          />
          {name}
        </label>
      ))}
      {names.length > FEW ? (
        <TextField
          key={after.join()}
          label={trans.__('One more')}
          value=""
          suggestions={names.filter(name => !after.includes(name))}
          onCommit={name => names.includes(name) && onToggle(name, true)}
        />
      ) : null}
    </fieldset>
  );
}
