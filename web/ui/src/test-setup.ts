/** What the pages need of a browser that happy-dom lacks, and the end of each test's page. */

import { cleanup } from '@testing-library/react';
import { afterEach } from 'vitest';

class Observer {
  observe() {}
  unobserve() {}
  disconnect() {}
}

globalThis.ResizeObserver = Observer;

afterEach(cleanup);
