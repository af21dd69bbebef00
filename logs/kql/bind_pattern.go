package kql

import (
	"strings"

	"github.com/endscope/endscope/logs/kql/syntax"
	"github.com/endscope/endscope/logs/kql/value"
)

// patternCall returns e as the call of a pattern that the query declares; nil where it is none.
func patternCall(e syntax.Expr, names *env) *syntax.Call {
	c, ok := unparen(e).(*syntax.Call)
	if !ok {
		return nil
	}
	if n, _ := names.find(c.Name.Text); n.rules == nil {
		return nil
	}
	return c
}

// patternTable binds `name("a", "b").path`: the table of the rule that was declared for those texts. The arguments are constant.
func (b *binder) patternTable(c *syntax.Call, path string, names *env) (out node, err error) {
	n, _ := names.find(c.Name.Text)
	var given []string
	for _, a := range c.Args {
		text, err := b.patternText(a.Expr, names)
		if err != nil {
			return nil, err
		}
		given = append(given, text)
	}
	if len(given) != len(n.rules.Params) {
		return nil, errAt(c.At(), "The pattern '%s' takes %s, and %d were given.", c.Name.Text, plural(len(n.rules.Params), "argument"), len(given))
	}
	for _, r := range n.rules.Rules {
		holds, err := b.ruleHolds(r, given, path, n.env)
		if err != nil {
			return nil, err
		}
		if !holds {
			continue
		}
		err = b.inFunction(n.env, r.Body, c.At(), func(last syntax.Expr, names *env) error {
			out, err = b.table(last, names)
			return err
		})
		return out, err
	}
	asked := "('" + strings.Join(given, "', '") + "')"
	if path != "" {
		asked += "." + path
	}
	return nil, errAt(c.At(), "The pattern '%s' has no rule for %s.", c.Name.Text, asked)
}

// ruleHolds says whether a rule was declared for the given texts.
func (b *binder) ruleHolds(r syntax.PatternRule, given []string, path string, names *env) (bool, error) {
	values, want := r.Values, given
	if r.Path != nil {
		values, want = append(values[:len(values):len(values)], r.Path), append(want[:len(want):len(want)], path)
	} else if path != "" {
		return false, nil
	}
	if len(values) != len(want) {
		return false, errAt(r.At(), "The rule has %s, and the pattern has %d.", plural(len(values), "value"), len(want))
	}
	for i, e := range values {
		text, err := b.patternText(e, names)
		if err != nil || text != want[i] {
			return false, err
		}
	}
	return true, nil
}

// patternText is a value of a rule or of a call of a pattern.
func (b *binder) patternText(e syntax.Expr, names *env) (string, error) {
	x, err := b.expr(e, &scope{env: names, op: "declare pattern"})
	if err != nil {
		return "", err
	}
	c, ok := x.(*constant)
	if !ok {
		return "", errAt(e.At(), "A pattern takes constant values.")
	}
	return value.Text(c.v), nil
}
