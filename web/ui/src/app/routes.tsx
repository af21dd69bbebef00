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
          { path: '*', element: <NotFound /> },
        ],
      },
    ],
  },
];
