/** The words shown for roles, states and times. */

import { trans } from './translation';
import type { PlannedTask, RoleKind, RunState, TaskState } from './wire';

/** What the choice of a cell's role is called, and what it means, in the order of the list. */
export function roleWords(): readonly (readonly [RoleKind, string, string])[] {
  return [
    ['none', trans.__('Part of step above'), ''],
    ['step', trans.__('Begins a step'), ''],
    [
      'parameters',
      trans.__('Parameters'),
      trans.__('Its assignments are the defaults; a run may be given others.')
    ],
    [
      'setup',
      trans.__('Setup'),
      trans.__('Imports, functions, settings: put before each step that needs them.')
    ],
    [
      'check',
      trans.__('Check'),
      trans.__('Assertions on the step above; one that fails fails the step.')
    ],
    [
      'metrics',
      trans.__('Metrics'),
      trans.__('The numbers named here are the metrics of the run.')
    ],
    ['skip', trans.__('Skip'), trans.__('Stays out of the pipeline.')]
  ];
}

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
  const words: Readonly<Record<TaskState | 'none', string>> = {
    none: trans._p('state', 'not run'),
    waiting: trans._p('state', 'waiting'),
    running: trans._p('state', 'running'),
    ok: trans._p('state', 'ok'),
    failed: trans._p('state', 'failed'),
    'kernel-died': trans._p('state', 'kernel died'),
    'out-of-memory': trans._p('state', 'out of memory'),
    'timed-out': trans._p('state', 'timed out'),
    interrupted: trans._p('state', 'interrupted'),
    cancelled: trans._p('state', 'cancelled'),
    skipped: trans._p('state', 'skipped'),
    reused: trans._p('state', 'reused')
  };
  return words[state];
}

/** What a plan says of a task. */
export function plannedWord(action: PlannedTask['action']): string {
  switch (action) {
    case 'run':
      return trans.__('Would run');
    case 'reuse':
      return trans.__('Would be reused');
    case 'waiting':
      return trans.__('Decided on the way');
    case 'left-out':
      return trans.__('Would be left out');
  }
}

/** A duration in seconds as a person says it: `0.4 s`, `12 s`, `3 min 05 s`. */
export function duration(seconds: number): string {
  if (seconds < 10) {
    return trans.__('%1 s', seconds.toFixed(1));
  }
  const whole = Math.round(seconds);
  if (whole < 60) {
    return trans.__('%1 s', whole);
  }
  const two = (value: number): string => String(value).padStart(2, '0');
  return whole < 3600
    ? trans.__('%1 min %2 s', Math.floor(whole / 60), two(whole % 60))
    : trans.__('%1 h %2 min', Math.floor(whole / 3600), two(Math.floor((whole % 3600) / 60)));
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
export function count(number: number, noun: 'step' | 'task' | 'item'): string {
  switch (noun) {
    case 'step':
      return trans._n('%1 step', '%1 steps', number);
    case 'task':
      return trans._n('%1 task', '%1 tasks', number);
    case 'item':
      return trans._n('%1 item', '%1 items', number);
  }
}
