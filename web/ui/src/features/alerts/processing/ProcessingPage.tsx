import { ResourcePage } from '../ResourcePage';
import { draftOfProcessing } from './draft';
import { ProcessingForm } from './ProcessingForm';

/** One processing rule. */
export function Component() {
  return (
    <ResourcePage
      kind="processing-rules"
      above={{ to: '/alerts/processing', label: 'Processing rules' }}
      consequence="Alerts that it suppressed and that last are told of within a minute."
      form={(rule, reload) => <ProcessingForm initial={draftOfProcessing(rule)} stored={rule} onSaved={() => undefined} onReload={reload} />}
    />
  );
}
