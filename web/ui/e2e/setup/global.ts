import type { TestProject } from 'vitest/node';
import { Demo } from './demo.ts';

declare module 'vitest' {
  interface ProvidedContext {
    url: string;
  }
}

/** One demo for all files that do not stop theirs. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const demo = await Demo.start();
  project.provide('url', demo.url);
  return () => demo.stop();
}
