import { Alert, Button, Group, Loader, Text } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useState } from 'react';
import { asProblem } from '@/api/problem';
import type { AlertDetail } from '@/api/types';
import { ProblemBox } from '@/components/Panel';
import { formatValue, unitOf } from '@/lib/units';
import { useExplainAlert } from '../queries';
import { explainQuestion } from './question';

/** What explain found as the alert fired; where it found nothing, or not in time, it can be asked again. */
export function Finding({ alert }: { alert: AlertDetail }) {
  const [wanted, setWanted] = useState(false);
  const asked = useExplainAlert(alert, wanted);
  const told = alert.finding?.sentence;
  if (told !== undefined && told !== '') return <Callout text={told} />;
  if (explainQuestion(alert) === undefined || alert.scope === undefined) return null;
  if (!wanted) {
    return (
      <div>
        <Button size="compact-sm" variant="light" leftSection={<IconSearch size={14} />} onClick={() => setWanted(true)}>
          What changed?
        </Button>
      </div>
    );
  }
  if (asked.data !== undefined) {
    return (
      <Callout text={asked.data.explanation}>
        {asked.data.related.slice(0, 3).map((r) => {
          const unit = unitOf(r.metric, r.unit, r.aggregation);
          return (
            <Text key={`${r.metric} ${r.scope} ${JSON.stringify(r.dimensions)}`} size="sm" c="dimmed">
              At the same time: {r.metric} of {r.scope} from {formatValue(r.before, unit)} to {formatValue(r.after, unit)}
            </Text>
          );
        })}
      </Callout>
    );
  }
  if (asked.error !== null) return <ProblemBox problem={asProblem(asked.error)} onRetry={() => void asked.refetch()} />;
  return (
    <Group gap="xs" role="status">
      <Loader size="xs" />
      <Text size="sm">Looking for what changed</Text>
    </Group>
  );
}

function Callout({ text, children }: { text: string; children?: React.ReactNode }) {
  return (
    <Alert variant="light" color="indigo" icon={<IconSearch />} title="What changed" p="sm">
      <Text size="sm">{text}</Text>
      {children}
    </Alert>
  );
}
