import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, inject } from 'vitest';

export const desk = { width: 1280, height: 900 } as const;
export const phone = { width: 390, height: 844 } as const;

let browser: Browser | undefined;
let contexts: BrowserContext[] = [];
let complaints: string[] = [];

/** What Chromium says in the console of answers that are errors, which are looked at one by one. */
const unspecific = /Failed to load resource|net::ERR_/;

/** Starts Chromium for the tests of a file. After each test no page may have thrown an error, broken the Content-Security-Policy, or been refused an answer. */
export function withBrowser(): void {
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-dev-shm-usage'] });
  });
  afterEach(async () => {
    await Promise.all(contexts.map((c) => c.close()));
    contexts = [];
    const said = complaints;
    complaints = [];
    expect(said, 'errors of pages').toEqual([]);
  });
  afterAll(() => browser?.close());
}

interface Options {
  url?: string;
  size?: { width: number; height: number };
  dark?: boolean;
  /** The answers that the server should refuse; none by default. */
  refused?: (status: number, path: string) => boolean;
}

/** Opens a path of the UI in a browser of its own, as a person with an empty storage would. */
export async function open(path: string, { url = inject('url'), size = desk, dark = false, refused = () => false }: Options = {}): Promise<Page> {
  if (browser === undefined) throw new Error('withBrowser() is not called in this file');
  const context = await browser.newContext({ viewport: size, colorScheme: dark ? 'dark' : 'light', locale: 'en-GB', timezoneId: 'Europe/Berlin', acceptDownloads: true });
  contexts.push(context);
  context.setDefaultTimeout(30_000);
  const page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(`${page.url()}: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' && !unspecific.test(message.text())) complaints.push(`${page.url()}: ${message.text()}`);
  });
  page.on('response', (answer) => {
    const { pathname, search } = new URL(answer.url());
    if (answer.status() >= 400 && !refused(answer.status(), pathname)) complaints.push(`${page.url()}: ${answer.status()} ${pathname}${search}`);
  });
  await page.goto(path.replace(/^\//, url.replace(/\/?$/, '/')));
  return page;
}
