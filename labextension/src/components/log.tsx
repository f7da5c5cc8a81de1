/** What the run said: output of the cells as it comes, and notes. */

import React from 'react';

import type { LogLine } from '../reduce';
import { trans } from '../translation';

export function Log({ lines }: { lines: readonly LogLine[] }): React.JSX.Element | null {
  const box = React.useRef<HTMLPreElement>(null);
  React.useEffect(() => {
    const node = box.current;
    if (node) {
      node.scrollTop = node.scrollHeight;
    }
  }, [lines]);
  if (lines.length === 0) {
    return null;
  }
  return (
    <section className="nbpipe-Section" aria-label={trans.__('Log')}>
      <details>
        <summary className="nbpipe-Section-title">
          <span>{trans.__('Log')}</span>
          <span className="nbpipe-Section-extra">{lines.length}</span>
        </summary>
        <pre className="nbpipe-Log" ref={box} tabIndex={0}>
          {lines.map((line, i) => (
            <div key={i} data-level={line.level}>
              {line.task ? <span className="nbpipe-Quiet">{line.task} │ </span> : null}
              {line.text}
            </div>
          ))}
        </pre>
      </details>
    </section>
  );
}
