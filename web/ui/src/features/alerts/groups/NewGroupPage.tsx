import { useNavigate, useSearchParams } from 'react-router';
import { carryView } from '@/lib/urlstate';
import { AlertsHead } from '../AlertsHead';
import { emptyGroup } from './draft';
import { GroupForm } from './GroupForm';

/** A new action group. */
export function Component() {
  const navigate = useNavigate();
  const [params] = useSearchParams();
  return (
    <>
      <AlertsHead title="New action group" above={{ to: '/alerts/groups', label: 'Action groups' }} />
      <GroupForm initial={emptyGroup} onSaved={(group) => void navigate(`/alerts/groups/${encodeURIComponent(group.name)}${carryView(params)}`)} onReload={() => undefined} />
    </>
  );
}
