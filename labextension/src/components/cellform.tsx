/** What the active cell is to the pipeline, and where that is changed. */

import React from 'react';

import type { TagChange } from '../tags';
import { readTags } from '../tags';
import type { ICell } from '../tokens';
import type { Role, RoleKind } from '../wire';
import { ROLES } from '../words';
import { Field, TextField } from './fields';
import { Section } from './section';

export interface ICellFormProps {
  readonly cell: ICell;
  /** What the compiler takes the cell for. */
  readonly role: Role | null;
  /** The steps there are. */
  readonly steps: readonly string[];
  readonly onChange: (change: TagChange) => void;
}

export function CellForm({ cell, role, steps, onChange }: ICellFormProps): React.JSX.Element {
  const tags = readTags(cell.tags);
  const [beginning, setBeginning] = React.useState(false);
  if (cell.kind !== 'code') {
    return (
      <Section title={`Cell ${cell.index + 1}`} label="Cell">
        <p className="nbpipe-Hint">Only code cells are part of a pipeline.</p>
      </Section>
    );
  }
  const chosen: RoleKind = beginning ? 'step' : tags.role;
  const choose = (value: RoleKind): void => {
    setBeginning(value === 'step');
    if (value !== 'step') {
      onChange({ role: value });
    }
  };
  const begin = (step: string): void => {
    setBeginning(false);
    onChange(step ? { role: 'step', step } : { role: 'none' });
  };
  return (
    <Section title={`Cell ${cell.index + 1}`} label="Cell" extra={<Preview cell={cell} />}>
      <div className="nbpipe-Form">
        <Field label="Role">
          <select
            className="jp-mod-styled"
            value={chosen}
            onChange={event => choose(event.target.value as RoleKind)}
          >
            {ROLES.map(([value, text]) => (
              <option key={value} value={value}>
                {text}
              </option>
            ))}
          </select>
        </Field>
        <Meaning chosen={chosen} role={role} />
        {chosen === 'step' ? (
          <StepFields
            tags={tags}
            steps={steps}
            fresh={beginning}
            onBegin={begin}
            onChange={onChange}
          />
        ) : null}
      </div>
    </Section>
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
    chosen === 'none' ? takenFor(role) : (ROLES.find(([kind]) => kind === chosen)?.[2] ?? '');
  return text ? <p className="nbpipe-Hint">{text}</p> : null;
}

function takenFor(role: Role | null): string {
  if (role === null) {
    return '';
  }
  switch (role.role) {
    case 'step':
      return `It belongs to step ${role.step}.`;
    case 'none':
      return 'No step stands above it.';
    default:
      return `It is taken for ${role.role}: its code says so.`;
  }
}

interface IStepFieldsProps {
  readonly tags: ReturnType<typeof readTags>;
  readonly steps: readonly string[];
  readonly fresh: boolean;
  readonly onBegin: (step: string) => void;
  readonly onChange: (change: TagChange) => void;
}

function StepFields(props: IStepFieldsProps): React.JSX.Element {
  const { tags, steps, fresh, onBegin, onChange } = props;
  const others = steps.filter(name => name !== tags.step);
  const toggle = (name: string, on: boolean): void =>
    onChange({ after: on ? [...tags.after, name] : tags.after.filter(each => each !== name) });
  return (
    <>
      <TextField
        label="Step name"
        value={tags.step}
        suggestions={steps}
        placeholder="A name, then Enter"
        autoFocus={fresh}
        onCommit={onBegin}
      />
      {fresh ? null : (
        <>
          <After others={others} after={tags.after} onToggle={toggle} />
          <TextField
            label="For each"
            value={tags.foreach}
            placeholder="item in items"
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

function After({ others, after, onToggle }: IAfterProps): React.JSX.Element | null {
  const names = [...new Set([...others, ...after])];
  if (names.length === 0) {
    return null;
  }
  return (
    <fieldset className="nbpipe-After">
      <legend>After (order without data)</legend>
      {names.map(name => (
        <label key={name}>
          <input
            type="checkbox"
            checked={after.includes(name)}
            onChange={event => onToggle(name, event.target.checked)}
          />
          {name}
        </label>
      ))}
    </fieldset>
  );
}
