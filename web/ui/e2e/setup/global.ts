import type { TestProject } from 'vitest/node';
import { startDemo } from './demo.ts';

declare module 'vitest' {
  interface ProvidedContext {
    url: string;
  }
}

/** One demo for all files that do not stop theirs. With ENDSCOPE_URL they use the one that runs there. */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const running = process.env['ENDSCOPE_URL'];
  if (running !== undefined) {
    project.provide('url', running);
    return undefined;
  }
  const demo = await startDemo();
  project.provide('url', demo.url);
  return () => demo.stop();
}
