/** What a run said, line by line: what cells wrote, and notes. */

import type { OutputLine, RunEvent } from './wire';

/** One line that a run said: output of a cell, or a note. */
export interface LogLine {
  readonly task: string;
  readonly text: string;
  readonly level: 'output' | 'info' | 'warning' | 'error';
}

const LOG_LINES = 500;

/** Return the log with the notes among `events` and what cells wrote; the oldest lines go. */
export function addToLog(
  log: readonly LogLine[],
  events: readonly RunEvent[],
  written: readonly OutputLine[],
  most: number = LOG_LINES
): readonly LogLine[] {
  const notes = events.flatMap(event =>
    event.kind === 'note' ? linesOf(event.task, event.text, event.level) : []
  );
  const outputs = written.flatMap(({ task, text }) => linesOf(task, text, 'output'));
  const added = [...outputs, ...notes];
  return added.length === 0 ? log : [...log, ...added].slice(-most);
}

function linesOf(task: string, text: string, level: LogLine['level']): LogLine[] {
  const lines = text.replace(/\n$/, '').split('\n');
  return lines.map(line => ({ task, text: line, level }));
}
