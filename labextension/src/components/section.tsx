/** A part of the panel with a heading. */

import React from 'react';

export interface ISectionProps {
  readonly title: string;
  /** What a screen reader calls it, where that is not the title. */
  readonly label?: string;
  readonly extra?: React.ReactNode;
  readonly busy?: boolean;
  readonly children: React.ReactNode;
}

export function Section(props: ISectionProps): React.JSX.Element {
  return (
    <section
      className="nbpipe-Section"
      aria-label={props.label ?? props.title}
      aria-busy={props.busy ?? false}
    >
      <h3 className="nbpipe-Section-title">
        <span>{props.title}</span>
        <span className="nbpipe-Section-extra">{props.extra}</span>
      </h3>
      {props.children}
    </section>
  );
}
