import { ResourcePage } from '../ResourcePage';
import { draftOfGroup } from './draft';
import { GroupForm } from './GroupForm';

/** One action group. */
export function Component() {
  return (
    <ResourcePage
      kind="action-groups"
      above={{ to: '/alerts/groups', label: 'Action groups' }}
      consequence="Nobody is told through it any more. A group that a rule or the policy names cannot be deleted."
      form={(group, reload) => <GroupForm initial={draftOfGroup(group)} stored={group} onSaved={() => undefined} onReload={reload} />}
    />
  );
}
