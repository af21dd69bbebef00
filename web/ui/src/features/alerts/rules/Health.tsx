import { Status } from '@/components/Status';
import type { ResourceDocument } from '../types';
import { evaluationOf } from './rows';

/** What a rule says now: that it fires, that it cannot be evaluated, or that all is well. */
export function Health({ rule }: { rule: ResourceDocument }) {
  const { health, firing = 0, error, series = 0 } = evaluationOf(rule);
  if (rule.enabled === false || health === 'disabled') return <Status kind="none">Off</Status>;
  if (health === 'failing')
    return (
      <span title={error}>
        <Status kind="warning">Cannot be evaluated</Status>
      </span>
    );
  if (firing > 0) return <Status kind="critical">{`${firing} fired`}</Status>;
  if (health === 'ok') return series === 0 && rule.kind !== 'prometheus' ? <Status kind="none">No data</Status> : <Status kind="ok">Well</Status>;
  return <Status kind="none">Not evaluated yet</Status>;
}
