import { useLocation } from 'react-router';
import { PageHead } from '@/components/PageHead';
import { ViewLink } from '@/view/ViewLink';
import classes from './AlertsHead.module.css';

const places = [
  { to: '/alerts', label: 'Alerts' },
  { to: '/alerts/rules', label: 'Rules' },
  { to: '/alerts/groups', label: 'Action groups' },
  { to: '/alerts/silences', label: 'Silences' },
  { to: '/alerts/processing', label: 'Processing rules' },
  { to: '/alerts/pack', label: 'Starter pack' },
];

interface Props {
  title: string;
  /** The page above, where this one is about a single thing. */
  above?: { to: string; label: string };
  /** Whether the page's time range says anything about what it shows. */
  timed?: boolean;
}

/** The head of every page about alerts: its title and the ways to the others. */
export function AlertsHead({ title, above, timed = false }: Props) {
  const { pathname } = useLocation();
  const here = [...places].reverse().find((p) => pathname === p.to || pathname.startsWith(`${p.to}/`))?.to;
  return (
    <>
      <PageHead title={title} timed={timed} {...(above === undefined ? {} : { above: [above] })} />
      <nav aria-label="About alerts" className={classes.nav}>
        {places.map((p) => (
          <ViewLink key={p.to} to={p.to} className={classes.place} aria-current={here === p.to ? 'page' : undefined}>
            {p.label}
          </ViewLink>
        ))}
      </nav>
    </>
  );
}
