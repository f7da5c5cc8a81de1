/** Labelled fields: what is typed counts when Enter is pressed or the field is left. */

import React from 'react';

export interface IFieldProps {
  readonly label: string;
  readonly hint?: string;
  readonly children: React.ReactNode;
}

export function Field({ label, hint, children }: IFieldProps): React.JSX.Element {
  return (
    <label className="nbpipe-Field">
      <span className="nbpipe-Field-label">{label}</span>
      {children}
      {hint ? <span className="nbpipe-Field-hint">{hint}</span> : null}
    </label>
  );
}

export interface ITextFieldProps {
  readonly label: string;
  readonly value: string;
  readonly placeholder?: string;
  readonly suggestions?: readonly string[];
  readonly autoFocus?: boolean;
  readonly onCommit: (value: string) => void;
}

export function TextField(props: ITextFieldProps): React.JSX.Element {
  const { label, value, onCommit } = props;
  const [text, setText] = React.useState(value);
  const field = React.useRef<HTMLInputElement>(null);
  const list = React.useId();
  React.useEffect(() => setText(value), [value]);
  React.useEffect(() => {
    if (props.autoFocus) {
      field.current?.focus();
    }
  }, [props.autoFocus]);
  const commit = (): void => {
    if (text.trim() !== value) {
      onCommit(text.trim());
    }
  };
  const onKey = (event: React.KeyboardEvent): void => {
    if (event.key === 'Enter') {
      commit();
    } else if (event.key === 'Escape') {
      setText(value);
    }
  };
  return (
    <Field label={label}>
      <input
        ref={field}
        className="jp-mod-styled"
        type="text"
        spellCheck={false}
        value={text}
        placeholder={props.placeholder}
        list={props.suggestions ? list : undefined}
        onChange={event => setText(event.target.value)}
        onBlur={commit}
        onKeyDown={onKey}
      />
      {props.suggestions ? (
        <datalist id={list}>
          {props.suggestions.map(each => (
            <option key={each} value={each} />
          ))}
        </datalist>
      ) : null}
    </Field>
  );
}
