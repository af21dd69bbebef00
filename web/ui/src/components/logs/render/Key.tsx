import type { Colour } from '@/lib/palette';
import classes from './Render.module.css';

/** Which colour is which series. */
export function Key({ series, dark }: { series: readonly { label: string; colour: Colour }[]; dark: boolean }) {
  if (series.length < 2) return null;
  return (
    <ul className={classes.key}>
      {series.map((s) => (
        <li key={s.label}>
          <span className={classes.swatch} style={{ background: dark ? s.colour.dark : s.colour.light }} aria-hidden />
          {s.label}
        </li>
      ))}
    </ul>
  );
}
