import { Navigate, useSearchParams } from 'react-router';
import { emptySpec, writeSpecs } from '@/lib/chartspec';
import { carryView } from '@/lib/urlstate';

/** Where links that Prometheus makes lead: /graph?g0.expr=… is the explorer in PromQL. */
export function Component() {
  const [params] = useSearchParams();
  const promql = [...params].filter(([name]) => /^g\d+\.expr$/.test(name)).map(([, value]) => value);
  return <Navigate replace to={`/explore?${writeSpecs(new URLSearchParams(carryView(params)), [{ ...emptySpec, promql: promql.length === 0 ? [''] : promql }]).toString()}`} />;
}
