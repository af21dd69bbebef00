import classes from './Row.module.css';

/** A dynamic value, whose objects and arrays open and close. */
export function JsonTree({ value, name, open = true }: { value: unknown; name?: string; open?: boolean }) {
  const label = name === undefined ? null : <span className={classes.key}>{name}: </span>;
  if (typeof value !== 'object' || value === null) {
    return (
      <div className={classes.leaf}>
        {label}
        <span data-kind={typeof value}>{typeof value === 'string' ? value : JSON.stringify(value)}</span>
      </div>
    );
  }
  const members: [string, unknown][] = Object.entries(value);
  return (
    <details open={open} className={classes.node}>
      <summary>
        {label}
        <span className={classes.size}>{Array.isArray(value) ? `[${members.length}]` : `{${members.length}}`}</span>
      </summary>
      {members.map(([key, member]) => (
        <JsonTree key={key} name={key} value={member} open={members.length <= 20} />
      ))}
    </details>
  );
}
