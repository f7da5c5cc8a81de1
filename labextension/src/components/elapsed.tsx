/** How long something took, or has been going on. */

import React from 'react';

import { duration } from '../words';

export interface IElapsedProps {
  readonly started: string | null;
  readonly finished?: string | null;
  readonly seconds?: number | null;
  readonly running: boolean;
}

export function Elapsed({
  started,
  finished,
  seconds,
  running
}: IElapsedProps): React.JSX.Element | null {
  const now = useNow(running);
  if (!running && seconds != null) {
    return <>{duration(seconds)}</>;
  }
  const end = running ? now : finished ? Date.parse(finished) : null;
  if (started === null || end === null) {
    return null;
  }
  return <>{duration(Math.max(0, (end - Date.parse(started)) / 1000))}</>;
}

/** The time, told once a second as long as it matters. */
export function useNow(matters: boolean): number {
  const [now, setNow] = React.useState(() => Date.now());
  React.useEffect(() => {
    if (!matters) {
      return undefined;
    }
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [matters]);
  return now;
}
