/** Names for what the API answers, out of the generated types. */

import type { components } from './schema';

type Schemas = components['schemas'];

export type Scope = Schemas['Scope'];
export type MetricDefinition = Schemas['MetricDefinition'];
export type MetricsQuestion = Schemas['MetricsQuestion'];
export type MetricsAnswer = Schemas['Answer'];
export type MetricsSeries = MetricsAnswer['series'][number];
export type Explanation = Schemas['Explanation'];
export type Alert = Schemas['Alert'];
export type AlertDetail = Schemas['AlertDetail'];
export type AlertRule = Schemas['AlertRule'];
