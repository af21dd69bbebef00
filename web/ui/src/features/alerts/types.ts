/** Names of the alerts' part of the API. */

import type { components } from '@/api/schema';
import type { AlertDetail } from '@/api/types';

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
export type AuditEntry = Schemas['AuditEntry'];
export type ResourceVersion = Schemas['ResourceVersion'];
export type GroupTestResult = Schemas['GroupTestResult'];

/** What answers add to a document of any kind. */
export type ResourceInfo = Schemas['ResourceInfo'];

/** JSON as a document of a rule or group holds it. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** A document of any kind with what the server added to it. */
export type ResourceDocument = ResourceInfo & { name: string; description?: string; enabled?: boolean; [field: string]: unknown };
