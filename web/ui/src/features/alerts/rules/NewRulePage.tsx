import { useState } from 'react';
import { useNavigate, useSearchParams } from 'react-router';
import { Whole } from '@/components/Whole';
import { useParamState } from '@/view/params';
import { carryView } from '@/lib/urlstate';
import { useResource } from '@/panels/resources/queries';
import { AlertsHead } from '../AlertsHead';
import type { ResourceDocument } from '../types';
import { draftOfLink, draftOfRule } from './draft';
import { KindControl } from './KindControl';
import { PromForm } from './prom/PromForm';
import { promOfLink, promOfRule, type PromDraft } from './prom/draft';
import { RuleForm } from './RuleForm';

/** A new rule, begun with what the link says: kind, scope, metric, aggregation, filter, split, threshold, query; or like another rule. */
export function Component() {
  const [params] = useSearchParams();
  const like = params.get('like') ?? '';
  const other = useResource('alert-rules', like, like !== '');
  return (
    <>
      <AlertsHead title="New rule" above={{ to: '/alerts/rules', label: 'Rules' }} />
      {like === '' ? <Form /> : <Whole asked={other}>{(rule) => <Form like={rule} />}</Whole>}
    </>
  );
}

function Form({ like }: { like?: ResourceDocument }) {
  const navigate = useNavigate();
  const { params, set } = useParamState();
  // What the link, or the other rule, said at first: the form goes on from there.
  const [begun] = useState({ params, like });
  const name = `${begun.like?.name ?? ''} copy`.replaceAll('~', '-');
  const onSaved = (rule: ResourceDocument) => void navigate(`/alerts/rules/${encodeURIComponent(rule.name)}${carryView(params)}`);
  const onReload = () => undefined; // nobody else changes what is not stored
  if (begun.like === undefined ? params.get('kind') === 'prometheus' : begun.like.kind === 'prometheus') {
    const initial = begun.like === undefined ? promOfLink(begun.params.get('kind') === 'prometheus' ? begun.params : new URLSearchParams()) : promCopy(begun.like, name);
    return <PromForm initial={initial} onSaved={onSaved} onReload={onReload} kind={begun.like === undefined && <KindControl value="prometheus" onChange={(kind) => set({ kind, query: null })} />} />;
  }
  const initial = begun.like === undefined ? draftOfLink(params) : { ...draftOfRule(begun.like), name };
  return <RuleForm initial={initial} onSaved={onSaved} onReload={onReload} onPromQL={() => set({ kind: 'prometheus', query: null })} />;
}

// Without a name of its own the group has that of the rule: two of one name would be mistaken for each other.
function promCopy(like: ResourceDocument, name: string): PromDraft {
  const draft = promOfRule(like);
  return { ...draft, name, groupRest: Object.fromEntries(Object.entries(draft.groupRest).filter(([field]) => field !== 'name')) };
}
