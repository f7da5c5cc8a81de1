/** What is shown at the cells of a notebook: what flows through their step, and what is wrong. */

import { trans } from './translation';
import type { Compiled, Fix, Problem, Role, Step } from './wire';

/** What a step takes, gives and waits for. */
export interface IFlow {
  /** Names, each with the step that gives it. */
  readonly takes: readonly (readonly [string, string])[];
  readonly gives: readonly string[];
  readonly after: readonly string[];
  readonly foreach: string | null;
}

/** Everything shown at the cells of one notebook. */
export interface IMarks {
  readonly roles: ReadonlyMap<string, Role>;
  readonly flows: ReadonlyMap<string, IFlow>;
  /** Cell → what is wrong in it. */
  readonly problems: ReadonlyMap<string, readonly Problem[]>;
}

/** Return what the compiler says of the cells of a notebook, named as the pipeline names it. */
export function marksOf(
  compiled: Compiled,
  notebook: string,
  roles: ReadonlyMap<string, Role>
): IMarks {
  const problems = new Map<string, Problem[]>();
  for (const problem of compiled.problems) {
    if (problem.cell !== null && problem.notebook === notebook) {
      problems.set(problem.cell, [...(problems.get(problem.cell) ?? []), problem]);
    }
  }
  return { roles, flows: flowsOf(compiled), problems };
}

/** Step → what flows through it. */
export function flowsOf({ steps, edges }: Compiled): ReadonlyMap<string, IFlow> {
  const taken = new Map<string, [string, string][]>();
  for (const { source, target, names } of edges) {
    const takes = taken.get(target) ?? [];
    takes.push(...names.map((name): [string, string] => [name, source]));
    taken.set(target, takes);
  }
  return new Map(steps.map(step => [step.name, flowOf(step, taken.get(step.name) ?? [])]));
}

function flowOf(step: Step, takes: readonly [string, string][]): IFlow {
  const { outputs: gives, after, foreach } = step;
  return { takes, gives, after, foreach };
}

/** What flows through a step, a sentence each. */
export function flowLines({ takes, gives, after, foreach }: IFlow): string[] {
  const from = [...new Set(takes.map(([, source]) => source))].map(source => {
    const names = takes.flatMap(([name, giver]) => (giver === source ? name : []));
    return trans.__('takes %1 from %2', names.join(', '), source);
  });
  return [
    ...from,
    gives.length > 0 ? trans.__('gives %1', gives.join(', ')) : '',
    after.length > 0 ? trans.__('after %1', after.join(', ')) : '',
    foreach === null ? '' : trans.__('for each %1', foreach)
  ].filter(Boolean);
}

/** A sign for how bad a problem is; the word or the sentence always stands beside it. */
export const SEVERITY = { error: '✕', warning: '▲', info: 'ℹ' } as const;

/** What a quick fix does, in words. */
export function fixWords({ add, remove, says }: Fix): string {
  if (says) {
    return trans.__('Fix: %1', says);
  }
  const [tag, old] = [add.join(', '), remove.join(', ')];
  if (tag && old) {
    return trans.__('Fix: tag it %1 instead of %2', tag, old);
  }
  return tag ? trans.__('Fix: add tag %1', tag) : trans.__('Fix: remove tag %1', old);
}
