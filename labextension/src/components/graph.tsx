/** The pipeline as a drawing, to look at and to click; the list of steps says the same. */

import type { Edge, Node, NodeHandle, NodeProps, ReactFlowInstance } from '@xyflow/react';
import { Controls, Handle, MarkerType, Position, ReactFlow } from '@xyflow/react';
import React from 'react';

import type { Place } from '../layout';
import { layout, needed } from '../layout';
import type { StepState } from '../reduce';
import type { Compiled, Step } from '../wire';
import { sign, stateWord } from '../words';

export interface IGraphProps {
  readonly compiled: Compiled;
  readonly states: ReadonlyMap<string, StepState>;
  readonly colours: ReadonlyMap<string, number>;
  readonly dark: boolean;
  readonly onOpen: (step: string) => void;
}

type StepData = {
  readonly step: Step;
  readonly state: StepState | undefined;
  readonly colour: number | undefined;
};
type StepNode = Node<StepData, 'step'>;

const NODE_TYPES = { step: Box };
const FIT = { maxZoom: 1, padding: '12px' } as const;
const TALLEST = 480;
const SHORTEST = 96;
const MARGIN = 32;

export default function Graph(props: IGraphProps): React.JSX.Element {
  const { compiled, states, colours, dark, onOpen } = props;
  const shape = shapeOf(compiled);
  // The shape says all that the layout reads.
  const places = React.useMemo(() => layout(compiled), [shape]);
  const drawn = React.useMemo(() => new Set<unknown>(needed(compiled.edges)), [compiled]);
  const nodes = compiled.steps.map(step =>
    nodeOf(step, places.get(step.name), states.get(step.name), colours.get(step.name))
  );
  const flow = React.useRef<ReactFlowInstance<StepNode> | null>(null);
  const [frame, width] = useFitting(flow);
  return (
    <div
      className="nbpipe-Graph"
      role="region"
      aria-label="Pipeline graph"
      ref={frame}
      style={{ height: heightOf(places, width) }}
      onKeyDown={event => openByKey(event, onOpen)}
    >
      <ReactFlow<StepNode>
        key={shape}
        onInit={instance => {
          flow.current = instance;
        }}
        nodes={nodes}
        edges={edgesOf(compiled, states, drawn)}
        nodeTypes={NODE_TYPES}
        colorMode={dark ? 'dark' : 'light'}
        nodesDraggable={false}
        nodesConnectable={false}
        edgesFocusable={false}
        deleteKeyCode={null}
        onNodeClick={(_, node) => onOpen(node.id)}
        fitView
        fitViewOptions={FIT}
        minZoom={0.1}
        maxZoom={1.5}
        preventScrolling={false}
        proOptions={{ hideAttribution: true }}
      >
        <Controls showInteractive={false} />
      </ReactFlow>
    </div>
  );
}

function Box({ data }: NodeProps<StepNode>): React.JSX.Element {
  const { step, state, colour } = data;
  return (
    <div
      className="nbpipe-Node"
      data-state={state?.state ?? 'none'}
      data-nbpipe-colour={colour}
      title={step.line || step.name}
    >
      <Handle type="target" position={Position.Top} isConnectable={false} />
      <span className="nbpipe-Node-name">{step.name}</span>
      <span className="nbpipe-Node-state">
        {sign(state?.state ?? 'none')} {shortState(state)}
      </span>
      <Handle type="source" position={Position.Bottom} isConnectable={false} />
    </div>
  );
}

function shortState(state: StepState | undefined): string {
  const word = stateWord(state?.state ?? 'none');
  if (state?.state !== 'running') {
    return word;
  }
  return state.tasks.length > 1
    ? `${word} ${state.done}/${state.tasks.length}`
    : state.cells.total > 0
      ? `${word} ${state.cells.done}/${state.cells.total}`
      : word;
}

function nodeOf(
  step: Step,
  place: Place | undefined,
  state: StepState | undefined,
  colour: number | undefined
): StepNode {
  const { x, y, width, height } = place ?? { x: 0, y: 0, width: 120, height: 48 };
  return {
    id: step.name,
    type: 'step',
    position: { x, y },
    data: { step, state, colour },
    // Sizes and handles are given: measured anew at each update, the edges would vanish.
    width,
    height,
    measured: { width, height },
    handles: handlesOf(width, height),
    ariaRole: 'button',
    ariaLabel: `${step.name}, ${stateWord(state?.state ?? 'none')}`
  };
}

function handlesOf(width: number, height: number): NodeHandle[] {
  const at = { x: width / 2, width: 1, height: 1 };
  return [
    { ...at, type: 'target', position: Position.Top, y: 0 },
    { ...at, type: 'source', position: Position.Bottom, y: height }
  ];
}

function edgesOf(
  compiled: Compiled,
  states: ReadonlyMap<string, StepState>,
  drawn: ReadonlySet<unknown>
): Edge[] {
  return compiled.edges.map(edge => ({
    id: `${edge.source} ${edge.kind} ${edge.target}`,
    source: edge.source,
    target: edge.target,
    className: `nbpipe-Edge-${edge.kind} ${drawn.has(edge) ? '' : 'nbpipe-Edge-implied'}`,
    animated: states.get(edge.target)?.state === 'running',
    markerEnd: { type: MarkerType.ArrowClosed, width: 14, height: 14 },
    ariaLabel: [`${edge.source} to ${edge.target}`, ...edge.names].join(', ')
  }));
}

/** Fit the drawing when its frame gets a size, since a hidden tab has none; says how wide it is. */
function useFitting(
  flow: React.MutableRefObject<ReactFlowInstance<StepNode> | null>
): [React.RefObject<HTMLDivElement>, number] {
  const frame = React.useRef<HTMLDivElement>(null);
  const [width, setWidth] = React.useState(0);
  React.useEffect(() => {
    const observer = new ResizeObserver(() => {
      setWidth(frame.current?.clientWidth ?? 0);
      void flow.current?.fitView(FIT);
    });
    if (frame.current) {
      observer.observe(frame.current);
    }
    return () => observer.disconnect();
  }, [flow]);
  return [frame, width];
}

/** As high as the drawing is when it fits the frame's width. */
function heightOf(places: ReadonlyMap<string, Place>, width: number): number {
  const all = [...places.values()];
  const right = Math.max(1, ...all.map(place => place.x + place.width));
  const lowest = Math.max(0, ...all.map(place => place.y + place.height));
  const scale = width > 0 ? Math.min(1, (width - MARGIN) / right) : 1;
  return Math.min(TALLEST, Math.max(SHORTEST, Math.ceil(lowest * scale) + MARGIN));
}

/** A step has the focus as a button has it, so Enter and the space bar open it. */
function openByKey(event: React.KeyboardEvent, onOpen: (step: string) => void): void {
  const step = (event.target as HTMLElement).closest<HTMLElement>('.react-flow__node')?.dataset.id;
  if (step !== undefined && (event.key === 'Enter' || event.key === ' ')) {
    event.preventDefault();
    event.stopPropagation();
    onOpen(step);
  }
}

function shapeOf({ steps, edges }: Compiled): string {
  return JSON.stringify([
    steps.map(({ name }) => name),
    edges.map(({ source, target }) => [source, target])
  ]);
}
