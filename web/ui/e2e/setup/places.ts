import { endpoint } from './demo.ts';

/** A path for each route of src/app/routes.tsx but the one of unknown pages; a test holds one against the other. */
export const places: readonly string[] = [
  '/',
  `/endpoints/${endpoint}`,
  `/endpoints/${endpoint}/blue`,
  `/endpoints/${endpoint}/blue/blue-1`,
  '/fleet',
  '/explore',
  `/explore?scope=${endpoint}/*&metric=RequestsPerMinute`,
  '/graph?g0.expr=up',
  '/alerts',
  '/alerts/rules',
  '/alerts/rules/new',
  '/alerts/pack',
  '/alerts/groups',
  '/alerts/groups/new',
  '/alerts/silences',
  '/alerts/processing',
  '/alerts/processing/new',
  '/logs',
  '/system',
];
