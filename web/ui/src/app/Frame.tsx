import { ActionIcon, Anchor, Badge, Burger, Drawer, Group, NavLink, Stack, Text, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { useDisclosure, useMediaQuery } from '@mantine/hooks';
import { IconMoon, IconSun } from '@tabler/icons-react';
import { Outlet, useLocation } from 'react-router';
import { useFiredAlerts } from '@/api/hooks';
import { usePageView } from '@/view/view';
import { ViewLink } from '@/view/ViewLink';
import classes from './Frame.module.css';

interface Place {
  to: string;
  label: string;
}

/** Where the frame leads. A place appears here when its page exists. */
const places: Place[] = [
  { to: '/', label: 'Overview' },
  { to: '/fleet', label: 'Fleet' },
  { to: '/explore', label: 'Explore' },
  { to: '/alerts', label: 'Alerts' },
  { to: '/logs', label: 'Logs' },
  { to: '/system', label: 'System' },
];

/** What is around every page: where to go, how many alerts are fired, light or dark. */
export function Frame() {
  const [open, menu] = useDisclosure(false);
  const { pathname } = useLocation();
  const { view } = usePageView();
  const alerts = useFiredAlerts(view);
  const fired = alerts.data?.length ?? 0;
  const narrow = useMediaQuery('(max-width: 48em)', false, { getInitialValueInEffect: false });
  const here = (p: Place) => (p.to === '/' ? pathname === '/' || pathname.startsWith('/endpoints/') : pathname.startsWith(p.to));
  return (
    <>
      <a href="#content" className={classes.skip}>
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
                <ViewLink key={p.to} to={p.to} aria-current={here(p) ? 'page' : undefined} className={classes.place}>
                  {p.label}
                </ViewLink>
              ))}
            </nav>
          )}
          <Group gap="xs" ml="auto" wrap="nowrap">
            {fired > 0 && (
              <Badge color="red" variant="light" tt="none">
                {fired} {fired === 1 ? 'alert' : 'alerts'}
              </Badge>
            )}
            <SchemeSwitch />
          </Group>
        </Group>
      </header>
      <Drawer opened={open && narrow} onClose={menu.close} title="Endscope" size="xs">
        <Stack gap={0} component="nav" aria-label="Pages">
          {places.map((p) => (
            <NavLink key={p.to} component={ViewLink} to={p.to} label={p.label} active={here(p)} onClick={menu.close} />
          ))}
        </Stack>
      </Drawer>
      <main id="content" tabIndex={-1} className={classes.main}>
        <Outlet />
      </main>
      <footer className={classes.footer}>
        <Text size="xs" c="dimmed">
          Times are {view.utc ? 'UTC' : `local (${Intl.DateTimeFormat().resolvedOptions().timeZone})`}
        </Text>
      </footer>
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
