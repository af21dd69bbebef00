import { Program } from './program.ts';

/** The sample endpoint of the demo. Its deployments are blue and green. */
export const endpoint = 'credit-default';

/** Starts a demo (server, agents, sample endpoint under load, simulated GPUs) and waits until the latency of each of its four instances is known. */
export function startDemo(): Promise<Program> {
  return Program.start({
    args: ['demo', '--simulate-gpu'],
    ready: async (url) => {
      const query = new URLSearchParams({ scope: `${endpoint}/*/*`, metric: 'RequestLatency_P50', interval: 'full', timespan: 'PT1H' });
      const answer = (await (await fetch(`${url}/api/v1/metrics?${query}`)).json()) as { series: { values: (number | null)[] }[] };
      return answer.series.filter(({ values }) => typeof values.at(-1) === 'number').length === 4;
    },
  });
}
