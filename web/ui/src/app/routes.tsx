import type { RouteObject } from 'react-router';
import { Frame } from './Frame';
import { NotFound, PageFailed } from './NotFound';

/** Every page. All but the frame come when they are first opened. */
export const routes: RouteObject[] = [
  {
    element: <Frame />,
    errorElement: <PageFailed />,
    children: [
      {
        errorElement: <PageFailed />,
        children: [
          { index: true, lazy: () => import('@/features/overview/OverviewPage') },
          { path: 'endpoints/:endpoint', lazy: () => import('@/features/scope/ScopePage') },
          { path: 'endpoints/:endpoint/:deployment', lazy: () => import('@/features/scope/ScopePage') },
          { path: 'endpoints/:endpoint/:deployment/:instance', lazy: () => import('@/features/scope/ScopePage') },
          { path: 'compare', lazy: () => import('@/features/compare/ComparePage') },
          { path: 'explore', lazy: () => import('@/features/explore/ExplorePage') },
          { path: 'graph', lazy: () => import('@/features/explore/GraphPage') },
          { path: 'dashboards', lazy: () => import('@/features/dashboards/list/DashboardsPage') },
          { path: 'dashboards/:name', lazy: () => import('@/features/dashboards/DashboardPage') },
          { path: 'alerts', lazy: () => import('@/features/alerts/list/AlertsPage') },
          { path: 'alerts/rules', lazy: () => import('@/features/alerts/rules/RulesPage') },
          { path: 'alerts/rules/new', lazy: () => import('@/features/alerts/rules/NewRulePage') },
          { path: 'alerts/rules/:name', lazy: () => import('@/features/alerts/rules/RulePage') },
          { path: 'alerts/pack', lazy: () => import('@/features/alerts/pack/PackPage') },
          { path: 'alerts/groups', lazy: () => import('@/features/alerts/groups/GroupsPage') },
          { path: 'alerts/groups/new', lazy: () => import('@/features/alerts/groups/NewGroupPage') },
          { path: 'alerts/groups/:name', lazy: () => import('@/features/alerts/groups/GroupPage') },
          { path: 'alerts/silences', lazy: () => import('@/features/alerts/silences/SilencesPage') },
          { path: 'alerts/processing', lazy: () => import('@/features/alerts/processing/ProcessingListPage') },
          { path: 'alerts/processing/new', lazy: () => import('@/features/alerts/processing/NewProcessingPage') },
          { path: 'alerts/processing/:name', lazy: () => import('@/features/alerts/processing/ProcessingPage') },
          { path: 'alerts/:id', lazy: () => import('@/features/alerts/alert/AlertPage') },
          { path: 'fleet', lazy: () => import('@/features/fleet/FleetPage') },
          { path: 'system', lazy: () => import('@/features/system/SystemPage') },
          { path: 'logs', lazy: () => import('@/features/logs/LogsPage') },
          { path: 'live', lazy: () => import('@/features/live/LivePage') },
          { path: '*', element: <NotFound /> },
        ],
      },
    ],
  },
];
