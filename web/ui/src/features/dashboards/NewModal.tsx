import { Button, Group, Modal, Stack } from '@mantine/core';
import { useNavigate, useSearchParams } from 'react-router';
import { asProblem } from '@/api/problem';
import { ProblemBox } from '@/components/Panel';
import { emptyDashboard, writeDashboard, type Dashboard } from '@/lib/dashboard';
import { carryView } from '@/lib/urlstate';
import { useSaveResource } from '@/panels/resources/queries';
import { mistakesAt } from '@/panels/resources/useResourceForm';
import { NameFields, useNaming } from './NameFields';
import { withoutRepeats } from './withoutRepeats';

interface Props {
  taken: readonly string[];
  /** What the new one begins with; nothing by default. */
  from?: Dashboard | undefined;
  onClose: () => void;
}

/** Makes a dashboard, empty or as a copy of another one, and opens it to be edited. */
export function NewModal({ taken, from, onClose }: Props) {
  const navigate = useNavigate();
  const [search] = useSearchParams();
  const naming = useNaming({ title: from === undefined ? '' : `${from.title === '' ? from.name : from.title} (copy)`.slice(0, 120) }, taken);
  const save = useSaveResource('dashboards');
  const problem = save.error === null ? undefined : asProblem(save.error);
  const elsewhere = problem !== undefined && !problem.mistakes.every((m) => m.field === 'name' || m.field === 'title');
  return (
    <Modal opened onClose={onClose} title={from === undefined ? 'New dashboard' : 'Save a copy'} centered>
      <form
        onSubmit={(e) => {
          e.preventDefault();
          if (naming.isTaken) return;
          save.mutate(
            { document: writeDashboard({ ...(from ?? emptyDashboard), name: naming.name, title: naming.title.trim() }) },
            {
              onSuccess: (stored) => {
                onClose();
                void navigate(`/dashboards/${encodeURIComponent(stored.name)}${carryView(search, { edit: '1' })}`);
              },
            },
          );
        }}
      >
        <Stack gap="sm">
          <NameFields naming={naming} errorOf={(field) => mistakesAt(problem?.mistakes ?? [], field)} />
          {problem !== undefined && (elsewhere || problem.mistakes.length === 0) && <ProblemBox problem={withoutRepeats(problem)} />}
          <Group justify="flex-end">
            <Button size="xs" variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button size="xs" type="submit" loading={save.isPending} disabled={naming.isTaken || naming.name.trim() === ''}>
              {from === undefined ? 'Make it' : 'Save the copy'}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
