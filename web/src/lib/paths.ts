// Addresses inside the app; ids and keys are text from outside.

export const pipelinePath = (id: string, view = ''): string =>
  `/pipelines/${encodeURIComponent(id)}${view ? `/${view}` : ''}`;

export const runPath = (pipeline: string, run: string, tab = ''): string =>
  `${pipelinePath(pipeline)}/runs/${encodeURIComponent(run)}${tab ? `/${tab}` : ''}`;

export const partitionPath = (pipeline: string, key: string): string =>
  `${pipelinePath(pipeline, 'partitions')}?partition=${encodeURIComponent(key)}`;

export const tablePath = (id: string): string => `/tables/${encodeURIComponent(id)}`;
