/** A long list of rows of one height, of which only those in sight are drawn. */

import React from 'react';

import { sliceOf } from './window';

export interface IVirtualProps {
  readonly count: number;
  readonly rowHeight: number;
  readonly label: string;
  readonly columns?: React.ReactNode;
  readonly row: (index: number) => React.ReactNode;
  /** Is told which rows are in sight, up to the last, which is left out. */
  readonly onSeen?: (first: number, last: number) => void;
}

export function Virtual(props: IVirtualProps): React.JSX.Element {
  const { count, rowHeight, label, row, onSeen } = props;
  const frame = React.useRef<HTMLDivElement>(null);
  const [seen, setSeen] = React.useState({ top: 0, height: 600 });
  React.useEffect(() => {
    const measure = (): void => {
      const node = frame.current;
      if (node) {
        setSeen({ top: node.scrollTop, height: node.clientHeight });
      }
    };
    const observer = new ResizeObserver(measure);
    if (frame.current) {
      observer.observe(frame.current);
    }
    return () => observer.disconnect();
  }, []);
  const { first, last } = sliceOf(seen.top, seen.height, rowHeight, count);
  React.useEffect(() => onSeen?.(first, last), [first, last, count]);
  return (
    <div
      className="nbpipe-Virtual"
      role="table"
      aria-label={label}
      aria-rowcount={count + (props.columns ? 1 : 0)}
      ref={frame}
      tabIndex={0}
      onScroll={({ currentTarget: { scrollTop, clientHeight } }) =>
        setSeen({ top: scrollTop, height: clientHeight })
      }
    >
      {props.columns ? (
        <div className="nbpipe-Virtual-head" role="row" aria-rowindex={1}>
          {props.columns}
        </div>
      ) : null}
      <div role="rowgroup" style={{ height: count * rowHeight, position: 'relative' }}>
        {Array.from({ length: last - first }, (_, i) => first + i).map(index => (
          <div
            key={index}
            role="row"
            aria-rowindex={index + (props.columns ? 2 : 1)}
            className="nbpipe-Virtual-row"
            style={{ top: index * rowHeight, height: rowHeight }}
          >
            {row(index)}
          </div>
        ))}
      </div>
    </div>
  );
}
