import { variableKinds, type Variable } from '@/lib/dashboard';

/** What is wrong with each variable's name or place; undefined where nothing is. What else there is to say, the server says. */
export function variableMistakes(variables: readonly Variable[]): (string | undefined)[] {
  return variables.map((v, i) => {
    if (!/^[A-Za-z][A-Za-z0-9_]{0,39}$/.test(v.name)) return 'The name must be a letter and then letters, digits and _.';
    if (v.name === 'left' || v.name === 'right') return '$left and $right are words of KQL.';
    if (variables.slice(0, i).some((o) => o.name === v.name)) return 'Another variable has this name.';
    if (v.kind !== 'text' && v.of !== '' && !possibleAbove(variables, i).includes(v.of)) return `$${v.of} is no earlier variable of a level above.`;
    return undefined;
  });
}

/** Names of the variables that may narrow the choice of one. */
export function possibleAbove(variables: readonly Variable[], at: number): string[] {
  const own = variables[at];
  if (own === undefined || own.kind === 'text') return [];
  const level = variableKinds.indexOf(own.kind);
  return variables
    .slice(0, at)
    .filter((o) => o.kind !== 'text' && variableKinds.indexOf(o.kind) < level)
    .map((o) => o.name);
}
