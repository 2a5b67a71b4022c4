import { createBrowserRouter, Navigate, type RouteObject } from 'react-router';
import { basePath } from '@/api/base';
import { GridPage } from '@/pages/grid/GridPage';
import { PipelineLayout } from '@/pages/pipeline/PipelineLayout';
import { Shell } from './layout/Shell';
import { NotFound, RouteFailure } from './RouteFailure';
import { SignedIn } from './SignedIn';

// Pages are loaded when they are first looked at, except what the first view needs.
const pipelineRoutes: RouteObject[] = [
  {
    Component: GridPage,
    children: [{ index: true }, { path: 'runs/:run' }, { path: 'runs/:run/:tab' }],
  },
  {
    path: 'partitions',
    lazy: async () => ({ Component: (await import('@/pages/partitions/PartitionsPage')).PartitionsPage }),
  },
  { path: 'versions', lazy: async () => ({ Component: (await import('@/pages/versions/VersionsPage')).VersionsPage }) },
  { path: 'lateness', lazy: async () => ({ Component: (await import('@/pages/lateness/LatenessPage')).LatenessPage }) },
  { path: 'plan', lazy: async () => ({ Component: (await import('@/pages/plan/PipelinePlanPage')).PipelinePlanPage }) },
  { path: 'graph', lazy: async () => ({ Component: (await import('@/pages/graph/StepGraphPage')).StepGraphPage }) },
  {
    path: 'definition',
    lazy: async () => ({ Component: (await import('@/pages/pipeline/DefinitionPage')).DefinitionPage }),
  },
  { path: 'events', lazy: async () => ({ Component: (await import('@/pages/pipeline/EventsPage')).EventsPage }) },
  { path: '*', Component: NotFound },
];

const settingsRoutes: RouteObject[] = [
  { index: true, element: <Navigate to="account" replace /> },
  { path: 'account', lazy: async () => ({ Component: (await import('@/pages/settings/AccountPage')).AccountPage }) },
  { path: 'tokens', lazy: async () => ({ Component: (await import('@/pages/settings/TokensPage')).TokensPage }) },
  { path: 'users', lazy: async () => ({ Component: (await import('@/pages/settings/UsersPage')).UsersPage }) },
];

const pageRoutes: RouteObject[] = [
  { index: true, element: <Navigate to="/pipelines" replace /> },
  {
    path: 'pipelines',
    lazy: async () => ({ Component: (await import('@/pages/pipelines/PipelinesPage')).PipelinesPage }),
  },
  {
    path: 'pipelines/:pipeline',
    Component: PipelineLayout,
    children: pipelineRoutes,
  },
  { path: 'plan', lazy: async () => ({ Component: (await import('@/pages/plan/PlanPage')).PlanPage }) },
  { path: 'tables', lazy: async () => ({ Component: (await import('@/pages/tables/TablesPage')).TablesPage }) },
  { path: 'tables/:table', lazy: async () => ({ Component: (await import('@/pages/tables/TablePage')).TablePage }) },
  { path: 'cascade', lazy: async () => ({ Component: (await import('@/pages/graph/CascadePage')).CascadePage }) },
  { path: 'audit', lazy: async () => ({ Component: (await import('@/pages/audit/AuditPage')).AuditPage }) },
  {
    path: 'settings',
    lazy: async () => ({ Component: (await import('@/pages/settings/SettingsLayout')).SettingsLayout }),
    children: settingsRoutes,
  },
  { path: '*', Component: NotFound },
];

export const routes: RouteObject[] = [
  {
    ErrorBoundary: RouteFailure,
    HydrateFallback: () => null,
    children: [
      { path: '/sign-in', lazy: async () => ({ Component: (await import('@/pages/sign-in/SignInPage')).SignInPage }) },
      {
        Component: SignedIn,
        children: [{ Component: Shell, children: [{ ErrorBoundary: RouteFailure, children: pageRoutes }] }],
      },
    ],
  },
];

export const createRouter = () => createBrowserRouter(routes, { basename: basePath() || '/' });
