package pack

import (
	"errors"
	"fmt"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/endscope/endscope/scopes"
)

// finish gives a group of Prometheus rules a name of its own, narrows its expressions to the scope, and links the page for those on
// call.
func (p *Pack) finish(e Entry, group map[string]any, scope scopes.Pattern) error {
	group["name"] = Name(e.ID, scope)
	list, ok := group["rules"].([]any)
	if !ok {
		return errors.New("its group has no rules")
	}
	for _, r := range list {
		rule, ok := r.(map[string]any)
		if !ok {
			return errors.New("its group has a rule that is none")
		}
		text, err := p.narrowed(fmt.Sprint(rule["expr"]), scope)
		if err != nil {
			return err
		}
		rule["expr"] = text
		annotations, ok := rule["annotations"].(map[string]any)
		if !ok {
			annotations = map[string]any{}
			rule["annotations"] = annotations
		}
		annotations["description"] = e.Description
		annotations["runbook_url"] = RunbookPath(e.ID)
	}
	return nil
}

// narrowed returns an expression whose every selector asks only for what is at or below the scope.
func (p *Pack) narrowed(text string, scope scopes.Pattern) (string, error) {
	expr, err := p.parser.ParseExpr(text)
	if err != nil {
		return "", err
	}
	parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
		if v, ok := n.(*parser.VectorSelector); ok {
			v.LabelMatchers = append(v.LabelMatchers, scope.Matchers()...)
		}
		return nil
	})
	return expr.String(), nil
}
