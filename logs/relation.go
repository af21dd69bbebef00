package logs

import (
	"fmt"
	"strings"

	"github.com/endscope/endscope/internal/logrows"
	"github.com/endscope/endscope/scopes"
)

// Placeholder is where a statement names the rows of its table.
const Placeholder = "{rows}"

// relation returns SQL for the rows of some partitions that lie in [from, to] and that the grants show, with the columns that text mentions:
// those of the table and the hidden hash columns. What is computed is computed once over all partitions: with a file for every day, the
// same expression in each costs more than many a query itself.
func (t *table) relation(who Identity, partitions []*partition, from, to int64, grants scopes.Grants, text string) string {
	columns := t.schema.selection(who, text)
	var needed []string
	for _, c := range t.columns {
		if quoted := quoteName(c.name); strings.Contains(columns, quoted) {
			needed = append(needed, quoted)
		}
	}
	if len(needed) == 0 {
		needed = []string{quoteName(columnTime)}
	}
	stored := strings.Join(needed, ", ")
	narrow := t.schema.granted(grants)
	var b strings.Builder
	fmt.Fprintf(&b, "(SELECT %s FROM (", columns)
	for i, p := range partitions {
		if i > 0 {
			b.WriteString(" UNION ALL ")
		}
		fmt.Fprintf(&b, "SELECT %s FROM %s.rows", stored, p.alias)
		var where []string
		if from > p.day*logrows.TicksPerDay {
			where = append(where, fmt.Sprintf("%s >= %d", quoteName(columnTime), from))
		}
		if to < (p.day+1)*logrows.TicksPerDay-1 {
			where = append(where, fmt.Sprintf("%s <= %d", quoteName(columnTime), to))
		}
		if narrow != "" {
			where = append(where, narrow)
		}
		if len(where) > 0 {
			b.WriteString(" WHERE " + strings.Join(where, " AND "))
		}
	}
	if len(partitions) == 0 {
		b.WriteString(t.emptyRelation())
	}
	b.WriteString("))")
	return b.String()
}

// emptyRelation returns SQL for no rows with the columns of the table's files.
func (t *table) emptyRelation() string {
	stored := make([]string, len(t.columns))
	for i, c := range t.columns {
		stored[i] = fmt.Sprintf("CAST(NULL AS %s) AS %s", c.kind, quoteName(c.name))
	}
	return fmt.Sprintf("SELECT * FROM (SELECT %s) WHERE false", strings.Join(stored, ", "))
}

// selection returns the list of columns that a statement over the table can see. Where it says nothing like `*`, those that it does not
// mention are left out.
func (s *Schema) selection(who Identity, text string) string {
	all := strings.Contains(strings.ReplaceAll(text, "count(*)", ""), "*")
	var list []string
	add := func(name, expr string) {
		quoted := quoteName(name)
		if !all && !strings.Contains(text, quoted) {
			return
		}
		if expr != quoted {
			quoted = expr + " AS " + quoted
		}
		list = append(list, quoted)
	}
	for _, c := range s.Columns {
		expr := s.stored(c.Name)
		for _, computed := range s.computed {
			if computed.name == c.Name {
				expr = computed.expr(who)
			}
		}
		add(c.Name, expr)
	}
	for _, id := range s.ids {
		add(id+hashSuffix, quoteName(id+hashSuffix))
	}
	if len(list) == 0 {
		return quoteName(columnTime)
	}
	return strings.Join(list, ", ")
}

// granted returns the condition that narrows rows to what the grants show, "" when that is everything.
func (s *Schema) granted(grants scopes.Grants) string {
	if grants.All() {
		return ""
	}
	var any []string
	for _, set := range grants.MatcherSets() {
		var all []string
		for _, m := range set {
			column := map[string]string{string(scopes.LevelEndpoint): s.Endpoint, string(scopes.LevelDeployment): s.Deployment, string(scopes.LevelInstance): s.Instance}[m.Name]
			all = append(all, fmt.Sprintf("%s %s %s", quoteName(column), map[bool]string{true: "=", false: "<>"}[m.Matches(m.Value)], quoteText(m.Value)))
		}
		any = append(any, "("+strings.Join(all, " AND ")+")")
	}
	if len(any) == 0 {
		return "false"
	}
	return "(" + strings.Join(any, " OR ") + ")"
}
