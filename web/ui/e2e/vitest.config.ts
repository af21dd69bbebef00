import { defineConfig } from 'vitest/config';

/** The real program, its demo and Chromium: journeys, or, in the mode screenshots, the pictures of the user guide. Both want what `make build` makes. */
export default defineConfig(({ mode }) => ({
  test: {
    include: mode === 'screenshots' ? ['e2e/screenshots/*.shots.ts'] : ['e2e/journeys/*.e2e.ts'],
    root: new URL('..', import.meta.url).pathname,
    environment: 'node',
    globalSetup: ['e2e/setup/global.ts'],
    testTimeout: mode === 'screenshots' ? 900_000 : 120_000,
    hookTimeout: 120_000,
    maxWorkers: 2, // one waits for an alert while the other works
  },
}));
