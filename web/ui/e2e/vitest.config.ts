import { defineConfig } from 'vitest/config';

/** The real program, its demo and Chromium. `make test` runs these after `make build`. */
export default defineConfig({
  test: {
    include: ['e2e/journeys/*.e2e.ts'],
    root: new URL('..', import.meta.url).pathname,
    environment: 'node',
    globalSetup: ['e2e/setup/global.ts'],
    testTimeout: 90_000,
    hookTimeout: 90_000,
    maxWorkers: 2, // one waits for an alert while the other works
  },
});
