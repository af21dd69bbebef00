import { Alert, Button, Code, Group, SegmentedControl, SimpleGrid, Stack, Switch, Text, VisuallyHidden } from '@mantine/core';
import { IconLock } from '@tabler/icons-react';
import { useState } from 'react';
import { useNavigate, useParams, useSearchParams } from 'react-router';
import { useDefinitions } from '@/api/hooks';
import { asProblem } from '@/api/problem';
import { ProblemBox } from '@/components/Panel';
import { Whole } from '@/components/Whole';
import { carryView } from '@/lib/urlstate';
import { DeleteButton } from '@/panels/resources/DeleteButton';
import { usePatchResource, useResource } from '@/panels/resources/queries';
import { ResourceHistory } from '@/panels/resources/ResourceHistory';
import { useParamState } from '@/view/params';
import { usePageView } from '@/view/view';
import { ViewLink } from '@/view/ViewLink';
import { AlertsHead } from '../AlertsHead';
import { SeverityLabel } from '../SeverityLabel';
import type { ResourceDocument } from '../types';
import { draftOfRule } from './draft';
import { PreviewPanel } from './PreviewPanel';
import { PromForm } from './prom/PromForm';
import { promOfRule } from './prom/draft';
import { PrometheusGroup } from './PrometheusGroup';
import { RuleForm } from './RuleForm';
import { StatusPanel } from './StatusPanel';
import { useRulePreview } from './usePreview';
import { conditionText } from './words';

/** One rule: what it says now, its form, its history. */
export function Component() {
  const { name = '' } = useParams();
  const { view } = usePageView();
  const { params, set } = useParamState();
  const asked = useResource('alert-rules', name);
  const tab = ['edit', 'history'].find((t) => t === params.get('tab')) ?? 'now';
  const missing = asked.error !== null && asProblem(asked.error).status === 404;
  // A rule that is gone has its history still. Who edits one that somebody else deletes keeps the form.
  const gone = missing && !(tab === 'edit' && asked.data !== undefined && asked.data.provisioned !== true);
  return (
    <>
      <AlertsHead title={name} above={{ to: '/alerts/rules', label: 'Rules' }} />
      <Stack gap="sm">
        {asked.data !== undefined && !missing && <Head rule={asked.data} tab={tab} onTab={(t) => set({ tab: t === 'now' ? null : t })} />}
        {gone && <Text size="sm">There is no rule of this name now. If it was deleted, a version below brings it back.</Text>}
        {missing && !gone && (
          <Group>
            <Button size="xs" variant="default" onClick={() => set({ tab: 'history' })}>
              History
            </Button>
          </Group>
        )}
        {gone || tab === 'history' ? (
          <ResourceHistory key={asked.data?.etag} kind="alert-rules" name={name} current={gone ? undefined : asked.data} utc={view.utc} onRestored={() => set({ tab: null })} />
        ) : (
          <Whole asked={asked}>{(rule) => (tab === 'edit' ? <Edit key={name} rule={rule} /> : <Now rule={rule} />)}</Whole>
        )}
      </Stack>
    </>
  );
}

function Head({ rule, tab, onTab }: { rule: ResourceDocument; tab: string; onTab: (tab: string) => void }) {
  const navigate = useNavigate();
  const [params] = useSearchParams();
  const patch = usePatchResource('alert-rules');
  const { data: definitions = [] } = useDefinitions();
  const provided = rule.provisioned === true;
  return (
    <Stack gap={6}>
      <Text>{conditionText(rule, definitions)}</Text>
      {rule.description !== undefined && (
        <Text size="sm" c="dimmed">
          {rule.description}
        </Text>
      )}
      {provided && (
        <Alert variant="light" color="gray" icon={<IconLock />} p="xs">
          <Text size="sm">
            Provided by {rule.source ?? 'a source'}, and changed only there. “Make one like it” is a copy that can be changed here.
          </Text>
        </Alert>
      )}
      <Group gap="sm" justify="space-between">
        <Group gap="sm">
          <SegmentedControl
            size="xs"
            aria-label="Part of the rule"
            value={tab}
            onChange={onTab}
            data={[
              { value: 'now', label: 'Now' },
              { value: 'edit', label: provided ? 'Look' : 'Edit' },
              { value: 'history', label: 'History' },
            ]}
          />
          {rule.kind !== 'prometheus' && <SeverityLabel value={rule.severity as number | undefined} />}
          <Switch size="sm" label="On" checked={rule.enabled !== false} disabled={provided || patch.isPending} onChange={(e) => patch.mutate({ name: rule.name, etag: rule.etag, patch: { enabled: e.currentTarget.checked } })} />
        </Group>
        <Group gap="xs">
          <Button size="xs" variant="default" component={ViewLink} to="/alerts" params={{ show: 'history', rule: rule.name, last: '7d' }}>
            Its alerts
          </Button>
          <Button size="xs" variant="default" component={ViewLink} to="/alerts/rules/new" params={{ like: rule.name }}>
            Make one like it
          </Button>
          {!provided && <DeleteButton kind="alert-rules" name={rule.name} etag={rule.etag} consequence="Its open alerts resolve." onDeleted={() => void navigate(`/alerts/rules${carryView(params)}`)} />}
        </Group>
      </Group>
      {patch.error !== null && <ProblemBox problem={asProblem(patch.error)} />}
    </Stack>
  );
}

function Now({ rule }: { rule: ResourceDocument }) {
  const { data: definitions = [] } = useDefinitions();
  const preview = useRulePreview(rule);
  return (
    <>
    <VisuallyHidden component="h2">What it says, and would have done</VisuallyHidden>
    <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="sm">
      <StatusPanel rule={rule} definitions={definitions} />
      <PreviewPanel preview={preview} definitions={definitions} />
    </SimpleGrid>
    </>
  );
}

function Edit({ rule }: { rule: ResourceDocument }) {
  // The form keeps what it was opened with; what others store meanwhile is told, and taken on demand.
  const [opened, setOpened] = useState({ rule, round: 0 });
  const latest = useResource('alert-rules', rule.name);
  const { set } = useParamState();
  const prometheus = opened.rule.kind === 'prometheus';
  if (prometheus && opened.rule.provisioned === true) return <PrometheusGroup group={rule.group} />;
  const saved = () => set({ tab: null });
  const reload = () => {
    if (latest.data !== undefined) setOpened({ rule: latest.data, round: opened.round + 1 });
  };
  return (
    <Stack gap="sm">
      {prometheus ? (
        <PromForm key={opened.round} initial={promOfRule(opened.rule)} stored={opened.rule} onSaved={saved} onReload={reload} />
      ) : (
        <RuleForm key={opened.round} initial={draftOfRule(opened.rule)} stored={opened.rule} onSaved={saved} onReload={reload} />
      )}
      <details>
        <summary>As a document</summary>
        <Code block tabIndex={0}>
          {JSON.stringify(opened.rule, null, 2)}
        </Code>
      </details>
    </Stack>
  );
}
