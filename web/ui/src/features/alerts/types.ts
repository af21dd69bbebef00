/** Names of the alerts' part of the API. */

import type { components } from '@/api/schema';
import type { AlertDetail } from '@/api/types';

export type { ResourceDocument } from '@/panels/resources/types';

type Schemas = components['schemas'];

export type AlertValue = NonNullable<AlertDetail['values']>[number];
export type TimelineEntry = NonNullable<AlertDetail['timeline']>[number];
export type AlertState = Schemas['AlertState'];
export type AlertsSummary = Schemas['AlertsSummary'];
export type Preview = Schemas['Preview'];
export type PreviewSeries = Preview['series'][number];
export type RuleStatus = Schemas['RuleStatus'];
export type RuleEvaluation = Schemas['RuleEvaluation'];
export type PackRule = Schemas['PackRule'];
export type PackResult = Schemas['PackResult'];
export type GroupTestResult = Schemas['GroupTestResult'];
