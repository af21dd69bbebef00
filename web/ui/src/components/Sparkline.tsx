/** A line without axes, for tables: the shape of a series, from 0 to its greatest value. Gaps are gaps. */
export function Sparkline({ values, label, width = 120, height = 26, colour = 'var(--mantine-color-anchor)' }: { values: readonly (number | null)[]; label: string; width?: number; height?: number; colour?: string }) {
  const max = Math.max(0, ...values.filter((v): v is number => v !== null));
  const step = values.length > 1 ? width / (values.length - 1) : 0;
  let path = '';
  let pen = false;
  values.forEach((value, i) => {
    if (value === null) {
      pen = false;
      return;
    }
    const x = (i * step).toFixed(1);
    const y = (height - 2 - (max === 0 ? 0 : (value / max) * (height - 4))).toFixed(1);
    // A point between two gaps is a line of no length, which a round cap shows.
    path += pen ? `L${x} ${y}` : `M${x} ${y}h0`;
    pen = true;
  });
  return (
    <svg width={width} height={height} role="img" aria-label={label} style={{ display: 'block' }}>
      <path d={path} fill="none" stroke={colour} strokeWidth={1.5} strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  );
}
