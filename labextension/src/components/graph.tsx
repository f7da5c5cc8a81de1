/** The pipeline as a drawing, to look at, to click and to draw in; the list of steps says the same. */

import type { Connection as Drawn, ReactFlowInstance } from '@xyflow/react';
import { Controls, ReactFlow } from '@xyflow/react';
import React from 'react';

import { layout, needed } from '../layout';
import { canComeAfter } from '../order';
import type { StepState } from '../reduce';
import { isBad } from '../reduce';
import { trans } from '../translation';
import type { Arrow, Frame, Places, View } from '../viewport';
import { centred, extent, fitted, isSeen, kept, stepAt, towards } from '../viewport';
import type { Compiled, Edge } from '../wire';
import { Connection, isByHand } from './connections';
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

const TALLEST = 480;
const SHORTEST = 96;
const MARGIN = 32;

/** Drawn smaller than that, names cannot be read. */
const READABLE = 0.45;

/** Fewer steps than that are drawn in full, however small. */
const MANY = 120;

export default function Graph(props: IGraphProps): React.JSX.Element {
  const { compiled, states, colours, dark, onOpen } = props;
  const shape = shapeOf(compiled);
  // The shape says all that the layout reads.
  const places = React.useMemo(() => layout(compiled, props.several), [shape, props.several]);
  const drawn = React.useMemo(() => new Set<unknown>(needed(compiled.edges)), [compiled]);
  const [chosen, choose] = React.useState<string | null>(null);
  const eye = useEye(places, props.current);
  const nodes = useNodes({ ...props, places, selected: eye.selected });
  const edges = React.useMemo(
    () => edgesOf(compiled, states, drawn, chosen),
    [compiled, states, drawn, chosen]
  );
  const far = eye.far && places.size > MANY;
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
          nodes={far ? [] : nodes}
          edges={far ? [] : edges}
          nodeTypes={NODE_TYPES}
          onlyRenderVisibleElements={places.size > MANY}
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

interface IEye {
  readonly frame: React.RefObject<HTMLDivElement>;
  readonly height: number;
  readonly far: boolean;
  readonly selected: string | null;
  readonly onInit: (flow: ReactFlowInstance<StepNode>) => void;
  readonly onMove: (event: unknown, view: View) => void;
  readonly onZoom: () => void;
  readonly fit: () => void;
  readonly select: (step: string) => void;
  readonly lookAt: (step: string) => void;
  readonly zoomTo: (event: React.MouseEvent) => void;
}

/** What is looked at: all of it, until a person moves; from then on it stays in its place. */
function useEye(places: Places, current: string | null): IEye {
  const frame = React.useRef<HTMLDivElement>(null);
  const flow = React.useRef<ReactFlowInstance<StepNode> | null>(null);
  const moved = React.useRef(false);
  const before = React.useRef(places);
  const [width, setWidth] = React.useState(0);
  const [far, setFar] = React.useState(places.size > MANY);
  const [selected, select] = React.useState<string | null>(null);
  const size = (): Frame => ({
    width: frame.current?.clientWidth ?? 0,
    height: frame.current?.clientHeight ?? 0
  });
  const see = (view: View): void => {
    void flow.current?.setViewport(view);
    setFar(view.zoom < READABLE);
  };
  const fit = (): void => {
    moved.current = false;
    see(fitted(before.current, size()));
  };
  React.useEffect(() => {
    const observer = new ResizeObserver(() => {
      setWidth(frame.current?.clientWidth ?? 0);
      if (!moved.current) {
        fit();
      }
    });
    if (frame.current) {
      observer.observe(frame.current);
    }
    return () => observer.disconnect();
  }, []);
  React.useLayoutEffect(() => {
    const last = before.current;
    before.current = places;
    if (!moved.current) {
      fit();
    } else if (flow.current && last !== places) {
      see(kept(flow.current.getViewport(), size(), last, places, selected ?? current));
    }
  }, [places, width]);
  return {
    frame,
    height: heightOf(places, width),
    far,
    selected,
    onInit: instance => {
      flow.current = instance;
      fit();
    },
    onMove: (event, view) => {
      // Without an event it was us, and not a person.
      moved.current ||= event !== null;
      setFar(view.zoom < READABLE);
    },
    onZoom: () => {
      moved.current = true;
    },
    fit,
    select,
    lookAt: step => {
      const place = places.get(step);
      const view = flow.current?.getViewport();
      select(step);
      if (place && view && !isSeen(view, size(), place)) {
        moved.current = true;
        see(centred(view, size(), place, READABLE));
      }
      focusSoon(frame.current, step);
    },
    zoomTo: event => {
      const at = flow.current?.screenToFlowPosition({ x: event.clientX, y: event.clientY });
      const view = flow.current?.getViewport();
      if (at && view) {
        moved.current = true;
        const place = { ...at, width: 0, height: 0 };
        see(centred(view, size(), places.get(stepAt(places, at.x, at.y) ?? '') ?? place, 0.8));
      }
    }
  };
}

/** Only what is seen is drawn, so a step may have to be drawn before it can have the focus. */
function focusSoon(frame: HTMLElement | null, step: string): void {
  const focus = (): boolean => {
    const node = frame?.querySelector<HTMLElement>(
      `.react-flow__node[data-id="${CSS.escape(step)}"]`
    );
    node?.focus({ preventScroll: true });
    return node != null;
  };
  if (!focus()) {
    requestAnimationFrame(() => requestAnimationFrame(focus));
  }
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

/** As high as the drawing is when it fits the frame's width. */
function heightOf(places: Places, width: number): number {
  const all = extent(places);
  const scale = width > 0 ? Math.min(1, (width - MARGIN) / all.width) : 1;
  return Math.min(TALLEST, Math.max(SHORTEST, Math.ceil(all.height * scale) + MARGIN));
}

function shapeOf({ steps, edges }: Compiled): string {
  return JSON.stringify([
    steps.map(({ name }) => name),
    edges.map(({ source, target }) => [source, target])
  ]);
}
