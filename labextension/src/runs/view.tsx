/** What a tab of the main area shows; loaded when the first one opens. */

import { UseSignal } from '@jupyterlab/ui-components';
import React from 'react';

import { CompareView } from './compare';
import { CompareModel } from './comparemodel';
import type { IDoors, IPast, Spec } from './contracts';
import { RunList } from './list';
import { ListModel } from './listmodel';
import { RunPageView } from './page';
import { PageModel } from './pagemodel';

export interface IViewProps {
  readonly spec: Spec;
  readonly past: IPast;
  readonly doors: IDoors;
  readonly visible: boolean;
  readonly dark: boolean;
}

export default function View(props: IViewProps): React.JSX.Element {
  switch (props.spec.kind) {
    case 'runs':
      return <Listed {...props} />;
    case 'run':
      return <Paged {...props} />;
    case 'compare':
      return <Compared {...props} />;
  }
}

interface IModel {
  visible: boolean;
  dispose(): void;
}

/** A model that lives as long as the tab and knows whether it is looked at. */
function useModel<M extends IModel>(make: () => M, visible: boolean): M {
  const [model] = React.useState(make);
  React.useEffect(() => {
    model.visible = visible;
  }, [model, visible]);
  React.useEffect(() => () => model.dispose(), [model]);
  return model;
}

function Listed({ spec, past, doors, visible }: IViewProps): React.JSX.Element {
  const model = useModel(() => new ListModel(past, doors, spec.path), visible);
  return <UseSignal signal={model.changed}>{() => <RunList model={model} />}</UseSignal>;
}

function Paged({ spec, past, doors, visible, dark }: IViewProps): React.JSX.Element {
  const id = spec.kind === 'run' ? spec.id : '';
  const model = useModel(() => new PageModel(past, doors, { id, path: spec.path }), visible);
  return (
    <UseSignal signal={model.changed}>{() => <RunPageView model={model} dark={dark} />}</UseSignal>
  );
}

function Compared({ spec, past, doors, visible }: IViewProps): React.JSX.Element {
  const ids = spec.kind === 'compare' ? spec.ids : [];
  const model = useModel(() => new CompareModel(past, doors, spec.path, ids), visible);
  return <UseSignal signal={model.changed}>{() => <CompareView model={model} />}</UseSignal>;
}
