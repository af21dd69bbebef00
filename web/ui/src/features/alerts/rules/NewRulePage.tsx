import { useState } from 'react';
import { useNavigate, useSearchParams } from 'react-router';
import { Whole } from '@/components/Whole';
import { carryView } from '@/lib/urlstate';
import { useResource } from '@/panels/resources/queries';
import { AlertsHead } from '../AlertsHead';
import { draftOfLink, draftOfRule, type RuleDraft } from './draft';
import { RuleForm } from './RuleForm';

/** A new rule, begun with what the link says: scope, metric, aggregation, filter, split, threshold, query; or like another rule. */
export function Component() {
  const [params] = useSearchParams();
  const like = params.get('like') ?? '';
  const other = useResource('alert-rules', like, like !== '');
  return (
    <>
      <AlertsHead title="New rule" above={{ to: '/alerts/rules', label: 'Rules' }} />
      {like === '' ? <Form initial={draftOfLink(params)} /> : <Whole asked={other}>{(rule) => <Form initial={{ ...draftOfRule(rule), name: `${rule.name} copy`.replace('~', '-') }} />}</Whole>}
    </>
  );
}

function Form({ initial }: { initial: RuleDraft }) {
  const navigate = useNavigate();
  const [params] = useSearchParams();
  const [begun] = useState(initial);
  return <RuleForm initial={begun} onSaved={(rule) => void navigate(`/alerts/rules/${encodeURIComponent(rule.name)}${carryView(params)}`)} onReload={() => undefined} />;
}
