/** The words shown for roles, states and times. */

import type { RoleKind, RunState, TaskState } from './wire';

/** What the choice of a cell's role is called, and what it means, in the order of the list. */
export const ROLES: readonly (readonly [RoleKind, string, string])[] = [
  ['none', 'Part of step above', ''],
  ['step', 'Begins a step', ''],
  ['parameters', 'Parameters', 'Its assignments are the defaults; a run may be given others.'],
  ['setup', 'Setup', 'Imports, functions, settings: put before each step that needs them.'],
  ['check', 'Check', 'Assertions on the step above; one that fails fails the step.'],
  ['metrics', 'Metrics', 'The numbers named here are the metrics of the run.'],
  ['skip', 'Skip', 'Stays out of the pipeline.']
];

const SIGNS: Readonly<Record<TaskState | 'none', string>> = {
  none: '○',
  waiting: '○',
  running: '◐',
  ok: '✓',
  failed: '✕',
  'kernel-died': '✕',
  'out-of-memory': '✕',
  'timed-out': '✕',
  interrupted: '■',
  cancelled: '■',
  skipped: '↷',
  reused: '↺'
};

/** A sign for a state; the word always stands beside it. */
export function sign(state: TaskState | RunState | 'none'): string {
  return SIGNS[state];
}

/** The word for a state. */
export function stateWord(state: TaskState | RunState | 'none'): string {
  return state === 'none' ? 'not run' : state.replace(/-/g, ' ');
}

/** A duration in seconds as a person says it: `0.4 s`, `12 s`, `3 min 05 s`. */
export function duration(seconds: number): string {
  if (seconds < 10) {
    return `${seconds.toFixed(1)} s`;
  }
  const whole = Math.round(seconds);
  if (whole < 60) {
    return `${whole} s`;
  }
  const two = (value: number): string => String(value).padStart(2, '0');
  return whole < 3600
    ? `${Math.floor(whole / 60)} min ${two(whole % 60)} s`
    : `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
}

/** When something began: the time for today, else the day too. */
export function moment(iso: string, now: Date = new Date()): string {
  const then = new Date(iso);
  const time = then.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  return then.toDateString() === now.toDateString()
    ? time
    : `${then.toLocaleDateString([], { day: 'numeric', month: 'short' })} ${time}`;
}

/** `1 step`, `2 steps`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
