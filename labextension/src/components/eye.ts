/** What of the drawing is looked at: as state, with the hands that move it. */

import type { ReactFlowInstance } from '@xyflow/react';
import React from 'react';

import type { Place } from '../layers';
import { NOWHERE, regionFor } from '../region';
import type { Frame, Places, View } from '../viewport';
import { centred, extent, fitted, isSeen, kept, stepNear } from '../viewport';
import type { StepNode } from './node';

const TALLEST = 480;
const SHORTEST = 96;
const MARGIN = 32;

/** Height of the strip below a drawing in which its buttons stand. */
const BUTTONS = 24;

/** Drawn smaller than that, names cannot be read. */
const READABLE = 0.45;

export interface IEye {
  readonly frame: React.RefObject<HTMLDivElement>;
  readonly height: number;
  /** Whether names are too small to be read. */
  readonly far: boolean;
  /** What is to be drawn where steps are many. */
  readonly region: Place;
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
export function useEye(places: Places, current: string | null, many: boolean): IEye {
  const frame = React.useRef<HTMLDivElement>(null);
  const flow = React.useRef<ReactFlowInstance<StepNode> | null>(null);
  const moved = React.useRef(false);
  const before = React.useRef(places);
  const [width, setWidth] = React.useState(0);
  const [far, setFar] = React.useState(many);
  const [region, setRegion] = React.useState(NOWHERE);
  const [selected, select] = React.useState<string | null>(null);
  const size = (): Frame => ({
    width: frame.current?.clientWidth ?? 0,
    height: frame.current?.clientHeight ?? 0
  });
  const look = (view: View): void => {
    setFar(view.zoom < READABLE);
    // Nothing is drawn anew by a move within the region.
    setRegion(now => regionFor(view, size(), now));
  };
  const see = (view: View): void => {
    void flow.current?.setViewport(view);
    look(view);
  };
  const fit = (): void => {
    const room = size();
    moved.current = false;
    // A frame that is not shown, as while the theme changes, has no room to fit into.
    if (room.width > 0 && room.height > 0) {
      see(fitted(before.current, { ...room, height: room.height - BUTTONS }));
    }
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
    region,
    selected,
    onInit: instance => {
      flow.current = instance;
      fit();
    },
    onMove: (event, view) => {
      // Without an event it was us, and not a person.
      moved.current ||= event !== null;
      look(view);
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
        const place = places.get(stepNear(places, at.x, at.y) ?? '');
        see(centred(view, size(), place ?? { ...at, width: 0, height: 0 }, 0.8));
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

/** As high as the drawing and its buttons are when it fits the frame's width. */
function heightOf(places: Places, width: number): number {
  const all = extent(places);
  const scale = width > 0 ? Math.min(1, (width - MARGIN) / all.width) : 1;
  return Math.min(TALLEST, Math.max(SHORTEST, Math.ceil(all.height * scale) + MARGIN + BUTTONS));
}
