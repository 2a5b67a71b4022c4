export const runTabs = ['steps', 'graph', 'gantt', 'logs', 'why', 'definition', 'audit'] as const;
export type RunTab = (typeof runTabs)[number];

export const runTabOf = (text: string | undefined): RunTab => runTabs.find((tab) => tab === text) ?? 'steps';
