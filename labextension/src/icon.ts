/** The icon of the panel and of its commands. */

import { LabIcon } from '@jupyterlab/ui-components';

export const pipelineIcon = new LabIcon({
  name: 'nbpipe:pipeline',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3" fill="#616161">
    <circle cx="12" cy="4.5" r="3"/><circle cx="5.5" cy="19.5" r="3"/><circle cx="18.5" cy="19.5" r="3"/>
    <path d="M11.2 7h1.6v4.2h6.5v5.3h-1.6v-3.7H6.3v3.7H4.7v-5.3h6.5z"/>
  </g>
</svg>`
});

export const runPipelineIcon = new LabIcon({
  name: 'nbpipe:run-pipeline',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3" fill="#616161">
    <circle cx="4.5" cy="5" r="2.5"/><circle cx="4.5" cy="19" r="2.5"/>
    <path d="M3.8 7h1.5v10H3.8zM10 5.5v13l10.5-6.5z"/>
  </g>
</svg>`
});
