import { Text } from '@mantine/core';
import { KqlEditor } from '@/components/logs/editor/KqlEditor';
import type { Variable } from '@/lib/dashboard';
import { logScope } from '@/lib/dashboardVariables';
import { useLogsSchema } from '@/panels/useLogsSchema';
import { ScopesField } from './ScopesField';

interface Props {
  logs: { query: string; scopes: string[] };
  variables: readonly Variable[];
  onChange: (logs: { query: string; scopes: string[] }) => void;
}

/** The query of a tile of logs. */
export function LogsFields({ logs, variables, onChange }: Props) {
  const schema = useLogsSchema();
  const of = logScope(logs.scopes);
  return (
    <>
      <div>
        <Text size="sm" fw={500} mb={2}>
          Query
        </Text>
        <Text size="xs" c="dimmed" mb={4}>
          KQL. It is asked over the time of the page, and drawn as its render says, or as a table.
        </Text>
        <KqlEditor label="Query in KQL" value={logs.query} onChange={(query) => onChange({ ...logs, query })} onRun={() => undefined} schema={schema.data} mistake={undefined} />
      </div>
      <ScopesField value={logs.scopes} variables={variables} description="Whose rows are seen; none for all" onChange={(scopes) => onChange({ ...logs, scopes })} />
      {'problem' in of && (
        <Text size="sm" c="red" role="alert">
          {of.problem}
        </Text>
      )}
    </>
  );
}
