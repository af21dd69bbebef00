import { ActionIcon, Anchor, Burger, Drawer, Group, Kbd, NavLink, Stack, Text, UnstyledButton, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { useDisclosure, useMediaQuery } from '@mantine/hooks';
import { IconKeyboard, IconMoon, IconSearch, IconSun } from '@tabler/icons-react';
import { lazy, Suspense, useCallback, useState } from 'react';
import { Outlet, useLocation } from 'react-router';
import { usePageView } from '@/view/view';
import { ViewLink } from '@/view/ViewLink';
import classes from './Frame.module.css';
import { FiredBadge } from './FiredBadge';
import { useTypedAhead } from './find/useTypedAhead';
import { isAt, places } from './places';
import { ServerBanner } from './server/ServerBanner';
import { focusContent, useArrival } from './useArrival';
import { useKeys } from './useKeys';

const FindPalette = lazy(() => import('./find/FindPalette'));
const ShortcutHelp = lazy(() => import('./ShortcutHelp'));

/** What is around every page: where to go, what to find, how many alerts are fired, light or dark, and whether the server is there. */
export function Frame() {
  const [open, menu] = useDisclosure(false);
  const [sought, setSought] = useState<string>(); // undefined while nobody seeks
  const find = useCallback(() => setSought((before) => before ?? ''), []);
  const typeOn = useCallback((edit: (text: string) => string) => setSought((before) => (before === undefined ? before : edit(before))), []);
  useTypedAhead(sought !== undefined, typeOn);
  const [helping, help] = useDisclosure(false);
  useKeys(find, help.open);
  useArrival();
  const { pathname } = useLocation();
  const { view } = usePageView();
  const narrow = useMediaQuery('(max-width: 48em)', false, { getInitialValueInEffect: false });
  return (
    <>
      <a
        href={`.${pathname}#content`}
        className={classes.skip}
        onClick={(e) => {
          e.preventDefault(); // with the page's <base> the browser would leave it
          focusContent();
        }}
      >
        To the content
      </a>
      <header className={classes.header}>
        <Group gap="md" wrap="nowrap" h="100%">
          {narrow && <Burger opened={open} onClick={menu.toggle} size="sm" aria-label="Menu" />}
          <Anchor component={ViewLink} to="/" underline="never" c="inherit" fw={650} className={classes.brand}>
            <img src="./assets/icon.svg" alt="" width={20} height={20} /> Endscope
          </Anchor>
          {!narrow && (
            <nav aria-label="Pages" className={classes.nav}>
              {places.map((p) => (
                <ViewLink key={p.to} to={p.to} aria-current={isAt(p, pathname) ? 'page' : undefined} className={classes.place}>
                  {p.label}
                </ViewLink>
              ))}
            </nav>
          )}
          <Group gap="xs" ml="auto" wrap="nowrap">
            <FiredBadge view={view} />
            {narrow ? (
              <ActionIcon variant="subtle" color="gray" size="lg" aria-label="Find" aria-keyshortcuts="/" onClick={find}>
                <IconSearch size={18} />
              </ActionIcon>
            ) : (
              <UnstyledButton className={classes.find} aria-keyshortcuts="/" onClick={find}>
                <IconSearch size={14} aria-hidden /> Find <Kbd size="xs" aria-hidden>/</Kbd>
              </UnstyledButton>
            )}
            {!narrow && (
              <ActionIcon variant="subtle" color="gray" size="lg" aria-label="Keyboard shortcuts" aria-keyshortcuts="?" onClick={help.open}>
                <IconKeyboard size={18} />
              </ActionIcon>
            )}
            <SchemeSwitch />
          </Group>
        </Group>
      </header>
      <Drawer opened={open && narrow} onClose={menu.close} title="Endscope" size="xs">
        <Stack gap={0} component="nav" aria-label="Pages">
          {places.map((p) => (
            <NavLink key={p.to} component={ViewLink} to={p.to} label={p.label} active={isAt(p, pathname)} onClick={menu.close} />
          ))}
        </Stack>
      </Drawer>
      <ServerBanner utc={view.utc} />
      <main id="content" tabIndex={-1} className={classes.main}>
        <Outlet />
      </main>
      <footer className={classes.footer}>
        <Text size="xs" c="dimmed">
          Times are {view.utc ? 'UTC' : `local (${Intl.DateTimeFormat().resolvedOptions().timeZone})`}
        </Text>
      </footer>
      <Suspense fallback={null}>
        {sought !== undefined && <FindPalette text={sought} onText={setSought} onClose={() => setSought(undefined)} />}
        {helping && <ShortcutHelp onClose={help.close} />}
      </Suspense>
    </>
  );
}

function SchemeSwitch() {
  const { setColorScheme } = useMantineColorScheme();
  const dark = useComputedColorScheme('light') === 'dark';
  return (
    <ActionIcon variant="subtle" color="gray" size="lg" aria-label={dark ? 'Use light colours' : 'Use dark colours'} onClick={() => setColorScheme(dark ? 'light' : 'dark')}>
      {dark ? <IconSun size={18} /> : <IconMoon size={18} />}
    </ActionIcon>
  );
}
