/** A large pipeline from afar: one canvas, where a thousand boxes would be too slow to move. */

import { useStore } from '@xyflow/react';
import React from 'react';

import type { Edge } from '../wire';
import type { Place } from '../layers';

export interface IOverviewProps {
  readonly places: ReadonlyMap<string, Place>;
  readonly edges: readonly Pick<Edge, 'source' | 'target'>[];
  readonly colourOf: (step: string) => number | undefined;
  readonly isBad: (step: string) => boolean;
}

type Transform = readonly [number, number, number];

export function Overview(props: IOverviewProps): React.JSX.Element {
  const transform = useStore(store => store.transform);
  const width = useStore(store => store.width);
  const height = useStore(store => store.height);
  const canvas = React.useRef<HTMLCanvasElement>(null);
  const ink = useInk(canvas);
  React.useLayoutEffect(() => {
    const pen = canvas.current?.getContext('2d');
    if (pen) {
      draw(pen, props, transform, { width, height }, ink());
    }
  });
  return <canvas ref={canvas} className="nbpipe-Overview" aria-hidden="true" />;
}

interface IInk {
  readonly line: string;
  readonly bad: string;
  readonly steps: readonly string[];
}

/** The theme's colours, read once a theme: asking for them at each frame would be slow. */
function useInk(canvas: React.RefObject<HTMLCanvasElement>): () => IInk {
  const known = React.useRef<{ theme: string; ink: IInk } | null>(null);
  return () => {
    const theme = document.body.dataset.jpThemeName ?? '';
    if (known.current?.theme !== theme && canvas.current) {
      const style = getComputedStyle(canvas.current);
      const value = (name: string): string => style.getPropertyValue(name).trim();
      const ink = {
        line: value('--jp-ui-font-color3'),
        bad: value('--jp-error-color1'),
        steps: Array.from({ length: 8 }, (_, i) => value(`--nbpipe-colour-${i}`))
      };
      known.current = { theme, ink };
    }
    return known.current?.ink ?? { line: 'gray', bad: 'red', steps: [] };
  };
}

function draw(
  pen: CanvasRenderingContext2D,
  { places, edges, colourOf, isBad }: IOverviewProps,
  [x, y, zoom]: Transform,
  { width, height }: { width: number; height: number },
  ink: IInk
): void {
  const sharp = window.devicePixelRatio || 1;
  const { canvas } = pen;
  if (canvas.width !== Math.round(width * sharp) || canvas.height !== Math.round(height * sharp)) {
    canvas.width = Math.round(width * sharp);
    canvas.height = Math.round(height * sharp);
  }
  pen.setTransform(1, 0, 0, 1, 0, 0);
  pen.clearRect(0, 0, canvas.width, canvas.height);
  pen.setTransform(zoom * sharp, 0, 0, zoom * sharp, x * sharp, y * sharp);
  const seen = (place: Place): boolean =>
    (place.x + place.width) * zoom + x > 0 &&
    (place.y + place.height) * zoom + y > 0 &&
    place.x * zoom + x < width &&
    place.y * zoom + y < height;
  pen.lineWidth = 0.6 / zoom;
  pen.strokeStyle = ink.line;
  pen.beginPath();
  for (const { source, target } of edges) {
    const [from, to] = [places.get(source), places.get(target)];
    if (from && to && (seen(from) || seen(to))) {
      pen.moveTo(from.x + from.width / 2, from.y + from.height);
      pen.lineTo(to.x + to.width / 2, to.y);
    }
  }
  pen.stroke();
  for (const [name, place] of places) {
    if (seen(place)) {
      pen.fillStyle = isBad(name) ? ink.bad : (ink.steps[colourOf(name) ?? 0] ?? ink.line);
      pen.fillRect(place.x, place.y, place.width, place.height);
    }
  }
}
