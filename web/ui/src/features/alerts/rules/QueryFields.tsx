import { Group, Input, Select, TextInput } from '@mantine/core';
import { KqlEditor } from '@/components/logs/editor/KqlEditor';
import { useLogsSchema } from '@/panels/useLogsSchema';
import type { ResourceForm } from '@/panels/resources/useResourceForm';
import type { CriterionDraft } from './draft';
import { queryMistake } from './queryMistake';

interface Props {
  c: CriterionDraft;
  /** Where the server finds it: criteria.allOf[0]. */
  at: string;
  number: number;
  onChange: (part: Partial<CriterionDraft>) => void;
  errorOf: ResourceForm['errorOf'];
}

const aggregations = [
  { value: 'Count', label: 'Number of rows' },
  { value: 'Average', label: 'Average of a column' },
  { value: 'Minimum', label: 'Smallest of a column' },
  { value: 'Maximum', label: 'Largest of a column' },
  { value: 'Total', label: 'Total of a column' },
];

/** The query of a log rule, and what of its rows is measured. */
export function QueryFields({ c, at, number, onChange, errorOf }: Props) {
  const schema = useLogsSchema();
  const error = errorOf(`${at}.query`);
  const mistake = error === undefined ? undefined : queryMistake(error);
  return (
    <>
      <Input.Wrapper label="Query (KQL)" labelElement="div" withAsterisk error={mistake === undefined ? error : undefined}>
        <KqlEditor label={number === 1 ? 'Query in KQL' : `Query in KQL of condition ${number}`} value={c.query} onChange={(query) => onChange({ query })} onRun={() => undefined} schema={schema.data} mistake={mistake} />
      </Input.Wrapper>
      <Group gap="sm" align="flex-start">
        <Select label="Measured" w={190} data={aggregations} value={c.aggregation === '' ? null : c.aggregation} onChange={(v) => onChange({ aggregation: v ?? 'Count' })} allowDeselect={false} error={errorOf(`${at}.timeAggregation`)} />
        {c.aggregation !== 'Count' && <TextInput label="Column" withAsterisk w={190} value={c.measure} onChange={(e) => onChange({ measure: e.currentTarget.value })} error={errorOf(`${at}.metricMeasureColumn`)} />}
        <TextInput label="Column of the target" w={190} placeholder="_ResourceId" value={c.resourceId} onChange={(e) => onChange({ resourceId: e.currentTarget.value })} error={errorOf(`${at}.resourceIdColumn`)} />
      </Group>
    </>
  );
}
