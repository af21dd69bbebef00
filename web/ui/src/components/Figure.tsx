import { formatChange, formatExact, formatValue, type Unit } from '@/lib/units';
import classes from './Figure.module.css';

/** A number with its unit, and its change against what it was before. Every digit is in its tooltip. */
export function Figure({ value, before, unit, size = 'sm' }: { value: number | null; before?: number | null; unit: Unit; size?: 'sm' | 'xl' }) {
  const change = formatChange(value, before);
  return (
    <span className={size === 'xl' ? `${classes.figure ?? ''} ${classes.large ?? ''}` : classes.figure} title={formatExact(value, unit)}>
      {formatValue(value, unit)}
      {change !== '' && (
        <span className={classes.change} title={`before: ${formatValue(before, unit)}`}>
          {change}
        </span>
      )}
    </span>
  );
}
