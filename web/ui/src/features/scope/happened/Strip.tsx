import { Text } from '@mantine/core';
import { useMemo } from 'react';
import { formatTicks, type Span } from '@/lib/time';
import { laneNames, lanes, type Happening } from './happenings';
import { signsOf, type Sign } from './layout';
import classes from './Strip.module.css';

interface Props {
  happenings: readonly Happening[];
  span: Span;
  utc: boolean;
  /** The keys of what is chosen. */
  chosen: ReadonlySet<string>;
  onChoose: (happenings: readonly Happening[]) => void;
}

const ticks = 5;

/** Everything that happened over the page's time, a row for each kind. */
export function Strip({ happenings, span, utc, chosen, onChoose }: Props) {
  const signs = useMemo(() => signsOf(happenings, span), [happenings, span]);
  const times = Array.from({ length: ticks }, (_, i) => Math.round((span.start + ((span.end - span.start) * i) / (ticks - 1)) / 1000) * 1000);
  return (
    <div className={classes.strip} role="group" aria-label="What happened, over time">
      {lanes.map((lane) => {
        const own = signs.filter((s) => s.lane === lane);
        return (
          <Lane key={lane} name={laneNames[lane]} count={own.reduce((n, s) => n + s.of.length, 0)}>
            {own.map((s) => (
              <Mark key={s.of[0]?.key} sign={s} pressed={s.of.some((h) => chosen.has(h.key))} onChoose={onChoose} />
            ))}
          </Lane>
        );
      })}
      <span />
      <div className={classes.times} aria-hidden>
        {formatTicks(times, utc).map((t, i) => (
          <Text key={i} span size="xs" c="dimmed">
            {t.replace('\n', ' ')}
          </Text>
        ))}
      </div>
    </div>
  );
}

function Lane({ name, count, children }: { name: string; count: number; children: React.ReactNode }) {
  const nothing = count === 0 ? classes.nothing : undefined;
  return (
    <>
      <Text span size="xs" {...(count === 0 ? { c: 'dimmed' } : {})} className={[classes.name, nothing].join(' ')}>
        {name} {count > 0 && `(${count})`}
      </Text>
      <div className={[classes.lane, nothing].join(' ')}>{children}</div>
    </>
  );
}

function Mark({ sign, pressed, onChoose }: { sign: Sign; pressed: boolean; onChoose: (happenings: readonly Happening[]) => void }) {
  const [first] = sign.of;
  const words = sign.of.length === 1 ? `${first?.who ?? ''}: ${first?.text ?? ''}` : `${sign.of.length} times, the first: ${first?.who ?? ''}: ${first?.text ?? ''}`;
  return (
    <button
      type="button"
      className={classes.sign}
      data-bad={sign.bad || undefined}
      aria-pressed={pressed}
      aria-label={words}
      title={words}
      style={{ left: `${sign.from * 100}%`, width: `max(${(sign.to - sign.from) * 100}%, 12px)` }}
      onClick={() => onChoose(sign.of)}
    >
      {sign.of.length > 1 ? sign.of.length : sign.bad ? '!' : ''}
    </button>
  );
}
