/** The pipeline as a drawing, to look at, to click and to draw in; the list of steps says the same. */

import type { Connection as Drawn } from '@xyflow/react';
import { Controls, ReactFlow } from '@xyflow/react';
import React from 'react';

import { layout, needed } from '../layout';
import { canComeAfter } from '../order';
import type { StepState } from '../reduce';
import { isBad } from '../reduce';
import { inside, NOTHING } from '../region';
import { trans } from '../translation';
import type { Arrow, Places } from '../viewport';
import { towards } from '../viewport';
import type { Compiled, Edge } from '../wire';
import { Connection, isByHand } from './connections';
import type { IEye } from './eye';
import { useEye } from './eye';
import type { StepNode } from './node';
import { edgeId, edgesOf, NODE_TYPES, useNodes } from './node';
import { Overview } from './overview';

export interface IGraphProps {
  readonly compiled: Compiled;
  readonly states: ReadonlyMap<string, StepState>;
  readonly colours: ReadonlyMap<string, number>;
  readonly dark: boolean;
  /** The step of the active cell. */
  readonly current: string | null;
  /** True where the steps are those of several notebooks. */
  readonly several: boolean;
  /** False for the graph of a past run, in which nothing can be changed. */
  readonly editable: boolean;
  readonly onOpen: (step: string) => void;
  readonly onGoTo: (notebook: string | null, cell: string | null, line: number | null) => void;
  readonly onOrder: (step: string, after: string, wanted: boolean) => void;
}

/** Fewer steps than that are drawn in full, however small. */
const MANY = 120;

export default function Graph(props: IGraphProps): React.JSX.Element {
  const { compiled, states, colours, dark, onOpen } = props;
  const shape = shapeOf(compiled);
  // The shape says all that the layout reads.
  const places = React.useMemo(() => layout(compiled, props.several), [shape, props.several]);
  const drawn = React.useMemo(() => new Set<unknown>(needed(compiled.edges)), [compiled]);
  const [chosen, choose] = React.useState<string | null>(null);
  const many = places.size > MANY;
  const eye = useEye(places, props.current, many);
  const far = eye.far && many;
  const part = React.useMemo(
    () => (many ? (far ? NOTHING : inside(eye.region, places, compiled.edges)) : null),
    [many, far, eye.region, places, compiled]
  );
  const nodes = useNodes({ ...props, places, part, selected: eye.selected });
  const edges = React.useMemo(
    () => edgesOf(part?.edges ?? compiled.edges, states, drawn, chosen),
    [part, compiled, states, drawn, chosen]
  );
  const edge = compiled.edges.find(each => edgeId(each) === chosen);
  return (
    <>
      <div
        className="nbpipe-Graph"
        role="region"
        aria-label={trans.__('Pipeline graph')}
        ref={eye.frame}
        data-far={far}
        style={{ height: eye.height }}
        onKeyDown={event => onKey(event, props, { eye, choose, places })}
      >
        <ReactFlow<StepNode>
          onInit={eye.onInit}
          onMove={eye.onMove}
          nodes={nodes}
          edges={edges}
          nodeTypes={NODE_TYPES}
          colorMode={dark ? 'dark' : 'light'}
          nodesDraggable={false}
          nodesConnectable={props.editable}
          connectionRadius={24}
          isValidConnection={({ source, target }) => canFollow(compiled, source, target)}
          onConnect={({ source, target }: Drawn) => props.onOrder(target, source, true)}
          deleteKeyCode={null}
          onNodeClick={(_, node) => {
            eye.select(node.id);
            onOpen(node.id);
          }}
          onEdgeClick={(_, each) => choose(each.id)}
          onPaneClick={event => (far ? eye.zoomTo(event) : choose(null))}
          minZoom={0.02}
          maxZoom={1.5}
          preventScrolling={false}
          proOptions={{ hideAttribution: true }}
        >
          {far ? (
            <Overview
              places={places}
              edges={compiled.edges}
              colourOf={step => colours.get(step)}
              isBad={step => isBad(states.get(step)?.state ?? 'waiting')}
            />
          ) : null}
          <Controls
            orientation="horizontal"
            showInteractive={false}
            showFitView={false}
            onZoomIn={eye.onZoom}
            onZoomOut={eye.onZoom}
          >
            <FitButton onClick={eye.fit} />
          </Controls>
        </ReactFlow>
      </div>
      {far ? (
        <p className="nbpipe-Quiet">
          {trans._n(
            '%1 step: click to come nearer.',
            '%1 steps: click to come nearer.',
            places.size
          )}
        </p>
      ) : null}
      {edge ? <EdgeCard {...props} edge={edge} onClose={() => choose(null)} /> : null}
    </>
  );
}

function FitButton({ onClick }: { onClick: () => void }): React.JSX.Element {
  const label = trans.__('Show the whole graph');
  return (
    <button
      type="button"
      className="react-flow__controls-button"
      title={label}
      aria-label={label}
      onClick={onClick}
    >
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <path d="M2 6V2h4v2H4v2zm8-4h4v4h-2V4h-2zM2 10h2v2h2v2H2zm10 0h2v4h-4v-2h2z" />
      </svg>
    </button>
  );
}

interface IEdgeCardProps extends Pick<IGraphProps, 'compiled' | 'editable' | 'onGoTo' | 'onOrder'> {
  readonly edge: Edge;
  readonly onClose: () => void;
}

function EdgeCard(props: IEdgeCardProps): React.JSX.Element {
  const { edge, compiled, editable, onClose } = props;
  const step = compiled.steps.find(({ name }) => name === edge.target);
  return (
    <div className="nbpipe-EdgeCard" role="status" aria-label={trans.__('Why this edge')}>
      <Connection {...props} step={editable ? step : undefined} />
      <button
        type="button"
        className="nbpipe-Link nbpipe-EdgeCard-close"
        aria-label={trans.__('Close')}
        onClick={onClose}
      >
        ×
      </button>
    </div>
  );
}

interface IHands {
  readonly eye: IEye;
  readonly places: Places;
  readonly choose: (edge: string | null) => void;
}

/** Steps and edges have the focus as buttons have it; arrows lead from step to step. */
function onKey(event: React.KeyboardEvent, props: IGraphProps, hands: IHands): void {
  const target = event.target as HTMLElement;
  const step = target.closest<HTMLElement>('.react-flow__node')?.dataset.id;
  const edge = target.closest<HTMLElement>('.react-flow__edge')?.dataset.id;
  const done =
    (step !== undefined && onStepKey(event.key, step, props, hands)) ||
    (edge !== undefined && onEdgeKey(event.key, edge, props, hands));
  if (done) {
    event.preventDefault();
    event.stopPropagation();
  }
}

function onStepKey(key: string, step: string, props: IGraphProps, hands: IHands): boolean {
  const { eye, places } = hands;
  switch (key) {
    case 'Enter':
    case ' ':
      eye.select(step);
      props.onOpen(step);
      return true;
    case 'ArrowUp':
    case 'ArrowDown':
    case 'ArrowLeft':
    case 'ArrowRight': {
      const next = towards(places, step, key satisfies Arrow);
      if (next !== null) {
        eye.lookAt(next);
      }
      return true;
    }
    default:
      return false;
  }
}

function onEdgeKey(key: string, id: string, props: IGraphProps, { choose }: IHands): boolean {
  const edge = props.compiled.edges.find(each => edgeId(each) === id);
  const step = props.compiled.steps.find(({ name }) => name === edge?.target);
  switch (key) {
    case 'Enter':
    case ' ':
      choose(id);
      return true;
    case 'Escape':
      choose(null);
      return true;
    case 'Delete':
    case 'Backspace':
      if (edge && props.editable && isByHand(edge, step)) {
        props.onOrder(edge.target, edge.source, false);
      } else {
        choose(id); // It says why it is there.
      }
      return true;
    default:
      return false;
  }
}

function canFollow({ steps, edges }: Compiled, source: string, target: string): boolean {
  const names = steps.map(({ name }) => name);
  return canComeAfter(names, edges, target).includes(source);
}

function shapeOf({ steps, edges }: Compiled): string {
  return JSON.stringify([
    steps.map(({ name }) => name),
    edges.map(({ source, target }) => [source, target])
  ]);
}
