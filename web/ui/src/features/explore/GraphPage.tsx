import { Navigate, useSearchParams } from 'react-router';
import { emptySpec, writeSpecs } from '@/lib/chartspec';
import { carryView } from '@/lib/urlstate';
import { readGraph } from './graph';

/** Where links that Prometheus makes lead: /graph?g0.expr=… is the explorer in PromQL. */
export function Component() {
  const [params] = useSearchParams();
  const { promql, time } = readGraph(params);
  return <Navigate replace to={`/explore?${writeSpecs(new URLSearchParams(carryView(params, time)), [{ ...emptySpec, promql }]).toString()}`} />;
}
