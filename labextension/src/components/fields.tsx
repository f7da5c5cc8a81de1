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
  /** What is wrong with the text as it stands; empty for nothing. */
  readonly fault?: (text: string) => string;
  readonly inputMode?: 'text' | 'numeric' | 'decimal';
  /** Several lines: Enter begins a new one. */
  readonly isLong?: boolean;
  readonly onCommit: (value: string) => void;
}

export function TextField(props: ITextFieldProps): React.JSX.Element {
  const { label, value, onCommit } = props;
  const [text, setText] = React.useState(value);
  const field = React.useRef<HTMLInputElement & HTMLTextAreaElement>(null);
  const [list, told] = [React.useId(), React.useId()];
  React.useEffect(() => setText(value), [value]);
  React.useEffect(() => {
    if (props.autoFocus) {
      field.current?.focus();
    }
  }, [props.autoFocus]);
  const fault = props.fault?.(text) ?? '';
  const commit = (): void => {
    if (text.trim() !== value) {
      onCommit(text.trim());
    }
  };
  const onKey = (event: React.KeyboardEvent): void => {
    if (event.key === 'Enter' && !props.isLong) {
      commit();
    } else if (event.key === 'Escape') {
      setText(value);
    }
  };
  const shared = {
    ref: field,
    className: 'jp-mod-styled',
    spellCheck: false,
    value: text,
    placeholder: props.placeholder,
    'aria-invalid': fault !== '',
    'aria-describedby': fault === '' ? undefined : told,
    onChange: (event: { target: { value: string } }) => setText(event.target.value),
    onBlur: commit,
    onKeyDown: onKey
  };
  return (
    <>
      <Field label={label}>
        {props.isLong ? (
          <textarea rows={Math.min(6, text.split('\n').length)} {...shared} />
        ) : (
          <input
            type="text"
            inputMode={props.inputMode}
            list={props.suggestions ? list : undefined}
            {...shared}
          />
        )}
        {props.suggestions ? (
          <datalist id={list}>
            {props.suggestions.map(each => (
              <option key={each} value={each} />
            ))}
          </datalist>
        ) : null}
      </Field>
      {fault === '' ? null : (
        <p className="nbpipe-Error nbpipe-Field-fault" id={told} role="alert">
          {fault}
        </p>
      )}
    </>
  );
}
