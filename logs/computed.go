package logs

import (
	"fmt"
	"strings"

	"github.com/endscope/endscope/logs/internal/duck"
)

// Names that stand in resource ids for what Azure has above an endpoint, and this server has not. web spells its ids the same way.
const (
	azureGroup     = "endscope"
	azureWorkspace = "endscope"
)

// commonComputed returns the computed columns that every table has. subscription and workspace are SQL for what the resource id names.
func commonComputed(s *Schema, subscription func(Identity) string, workspace string) []computed {
	id := func(who Identity) string {
		return fmt.Sprintf(`'/subscriptions/' || %s || '/resourceGroups/%s/providers/Microsoft.MachineLearningServices/workspaces/' || %s`+
			` || '/onlineEndpoints/' || %s || CASE WHEN %s = '' THEN '' ELSE '/deployments/' || %[5]s END`,
			subscription(who), azureGroup, workspace, quoteName(s.Endpoint), quoteName(s.Deployment))
	}
	return []computed{
		{"_ResourceId", func(who Identity) string {
			return fmt.Sprintf("CASE WHEN %s = '' THEN '' ELSE %s END", quoteName(s.Endpoint), id(who))
		}},
		{"_SubscriptionId", subscription},
		{"TenantId", func(who Identity) string { return quoteText(who.Workspace) }},
		{"Type", func(Identity) string { return quoteText(s.Name) }},
		{"_BilledSize", func(Identity) string { return s.sizeExpression() }},
		{"_IsBillable", func(Identity) string { return quoteText("False") }},
	}
}

// sizeExpression returns SQL for the bytes of a row's values: those of texts, and the width of numbers.
func (s *Schema) sizeExpression() string {
	fixed := 0
	var terms []string
	for _, c := range s.Columns {
		if s.Computed(c.Name) {
			continue
		}
		switch duckType(c.Type) {
		case duck.Bigint, duck.Double:
			fixed += 8
		case duck.Integer:
			fixed += 4
		case duck.Boolean:
			fixed++
		default:
			terms = append(terms, fmt.Sprintf("coalesce(strlen(%s), 0)", s.stored(c.Name)))
		}
	}
	return fmt.Sprintf("CAST(%d + %s AS DOUBLE)", fixed, strings.Join(terms, " + "))
}

// quoteName returns an identifier in SQL.
func quoteName(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// quoteText returns a text as a literal in SQL. Only for texts of our own and for checked names: whatever else a query brings is bound.
func quoteText(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
