/** A step and an edge as the drawing shows them. */

import type { Edge as FlowEdge, Node, NodeHandle, NodeProps } from '@xyflow/react';
import { Handle, MarkerType, Position } from '@xyflow/react';
import React from 'react';

import type { Place } from '../layers';
import type { StepState } from '../reduce';
import { isBad } from '../reduce';
import type { IInside } from '../region';
import { trans } from '../translation';
import type { Compiled, Edge, Step } from '../wire';
import { sign, stateWord } from '../words';
import { whatFlows } from './connections';

interface IShown {
  readonly step: Step;
  readonly place: Place | undefined;
  readonly state: StepState | undefined;
  readonly colour: number | undefined;
  readonly current: boolean;
  readonly selected: boolean;
  readonly several: boolean;
  readonly editable: boolean;
  /** True for a step that is not drawn, but an edge to it is. */
  readonly hidden: boolean;
}

type StepData = { readonly shown: IShown };
export type StepNode = Node<StepData, 'step'>;

export const NODE_TYPES = { step: Box };

export interface INodesProps {
  readonly compiled: Compiled;
  readonly places: ReadonlyMap<string, Place>;
  readonly states: ReadonlyMap<string, StepState>;
  readonly colours: ReadonlyMap<string, number>;
  readonly current: string | null;
  readonly selected: string | null;
  readonly several: boolean;
  readonly editable: boolean;
  /** What of a large pipeline is drawn; null for all of a small one. */
  readonly part: Pick<IInside<unknown>, 'steps' | 'ends'> | null;
}

/** The nodes; one that shows what it showed before is the same object, and is not drawn again. */
export function useNodes(props: INodesProps): StepNode[] {
  const { compiled, places, states, colours, current, selected, several, editable, part } = props;
  const known = React.useRef(new Map<string, StepNode>());
  return React.useMemo(() => {
    const drawn = compiled.steps.filter(({ name }) => part === null || isIn(part, name));
    const nodes = drawn.map(step => {
      const shown: IShown = {
        step,
        place: places.get(step.name),
        state: states.get(step.name),
        colour: colours.get(step.name),
        current: step.name === current,
        selected: step.name === selected,
        several,
        editable,
        hidden: part !== null && !part.steps.has(step.name)
      };
      const before = known.current.get(step.name);
      return before && isSame(before.data.shown, shown) ? before : nodeOf(shown);
    });
    known.current = new Map(nodes.map(node => [node.id, node]));
    return nodes;
  }, [compiled, places, states, colours, current, selected, several, editable, part]);
}

function isIn({ steps, ends }: Pick<IInside<unknown>, 'steps' | 'ends'>, step: string): boolean {
  return steps.has(step) || ends.has(step);
}

function isSame(one: IShown, other: IShown): boolean {
  return (Object.keys(one) as (keyof IShown)[]).every(name => one[name] === other[name]);
}

function nodeOf(shown: IShown): StepNode {
  const { step, place, state, hidden } = shown;
  const { x, y, width, height } = place ?? { x: 0, y: 0, width: 120, height: 48 };
  return {
    id: step.name,
    type: 'step',
    position: { x, y },
    data: { shown },
    hidden,
    // Sizes and handles are given: measured anew at each update, the edges would vanish.
    width,
    height,
    measured: { width, height },
    handles: handlesOf(width, height),
    ariaRole: 'button',
    ariaLabel: [step.name, stateWord(state?.state ?? 'none'), ...itemWords(state)].join(', ')
  };
}

function Box({ data: { shown } }: NodeProps<StepNode>): React.JSX.Element {
  const { step, state, colour, current, selected, several, editable } = shown;
  const many = state !== undefined && state.tasks.length > 1;
  return (
    <div
      className="nbpipe-Node"
      data-state={state?.state ?? 'none'}
      data-many={many || step.foreach !== null}
      data-current={current}
      data-selected={selected}
      data-nbpipe-colour={colour}
      title={step.line || step.name}
    >
      <Handle type="target" position={Position.Top} isConnectable={editable} />
      <span className="nbpipe-Node-name">{step.name}</span>
      <span className="nbpipe-Node-state">
        {sign(state?.state ?? 'none')} {shortState(state)}
        {several ? <span className="nbpipe-Quiet"> {step.notebook}</span> : null}
      </span>
      <Handle type="source" position={Position.Bottom} isConnectable={editable} />
    </div>
  );
}

/** How the items of a fanned-out step stand. */
function itemWords(state: StepState | undefined): string[] {
  if (state === undefined || state.tasks.length < 2) {
    return [];
  }
  const bad = state.tasks.filter(task => isBad(task.state)).length;
  const all = trans.__('%1 of %2 items done', state.done, state.tasks.length);
  return bad > 0 ? [all, trans.__('%1 not well', bad)] : [all];
}

function shortState(state: StepState | undefined): string {
  const word = stateWord(state?.state ?? 'none');
  if (state !== undefined && state.tasks.length > 1) {
    const bad = state.tasks.filter(task => isBad(task.state)).length;
    const counts = `${state.done}/${state.tasks.length}`;
    return bad > 0 ? `${word} ${counts}, ✕ ${bad}` : `${word} ${counts}`;
  }
  return state?.state === 'running' && state.cells.total > 0
    ? `${word} ${state.cells.done}/${state.cells.total}`
    : word;
}

function handlesOf(width: number, height: number): NodeHandle[] {
  const at = { x: width / 2, width: 1, height: 1 };
  return [
    { ...at, type: 'target', position: Position.Top, y: 0 },
    { ...at, type: 'source', position: Position.Bottom, y: height }
  ];
}

/** How the drawing calls an edge. */
export function edgeId({ source, kind, target }: Edge): string {
  return `${source} ${kind} ${target}`;
}

/** The edges; those that a longer way says too are faint. */
export function edgesOf(
  edges: readonly Edge[],
  states: ReadonlyMap<string, StepState>,
  drawn: ReadonlySet<unknown>,
  chosen: string | null
): FlowEdge[] {
  return edges.map(edge => ({
    id: edgeId(edge),
    source: edge.source,
    target: edge.target,
    selected: edgeId(edge) === chosen,
    className: `nbpipe-Edge-${edge.kind} ${drawn.has(edge) ? '' : 'nbpipe-Edge-implied'}`,
    animated: states.get(edge.target)?.state === 'running',
    markerEnd: { type: MarkerType.ArrowClosed, width: 14, height: 14 },
    ariaRole: 'button',
    ariaLabel: trans.__('Edge from %1 to %2: %3', edge.source, edge.target, whatFlows(edge))
  }));
}
