import { Program } from './program.ts';

/** The sample endpoint of the demo. Its deployments are blue and green. */
export const endpoint = 'credit-default';

/** Starts a demo (server, agents, sample endpoint under load, simulated GPUs) and waits until requests to both deployments have been measured. */
export function startDemo(): Promise<Program> {
  return Program.start({
    args: ['demo', '--simulate-gpu'],
    ready: async (url) => {
      const query = new URLSearchParams({ scope: `${endpoint}/*`, metric: 'RequestsPerMinute', timespan: 'PT5M' });
      const text = await (await fetch(`${url}/api/v1/metrics?${query}`)).text();
      return text.includes('blue') && text.includes('green');
    },
  });
}
