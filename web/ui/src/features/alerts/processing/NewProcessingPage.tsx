import { useNavigate, useSearchParams } from 'react-router';
import { carryView } from '@/lib/urlstate';
import { AlertsHead } from '../AlertsHead';
import { emptyProcessing } from './draft';
import { ProcessingForm } from './ProcessingForm';

/** A new processing rule. */
export function Component() {
  const navigate = useNavigate();
  const [params] = useSearchParams();
  return (
    <>
      <AlertsHead title="New processing rule" above={{ to: '/alerts/processing', label: 'Processing rules' }} />
      <ProcessingForm initial={emptyProcessing} onSaved={(rule) => void navigate(`/alerts/processing/${encodeURIComponent(rule.name)}${carryView(params)}`)} onReload={() => undefined} />
    </>
  );
}
