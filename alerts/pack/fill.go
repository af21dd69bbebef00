package pack

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"
)

var placeholder = regexp.MustCompile(`\$\{[^}]*\}`)

// fill returns a copy of a template with its placeholders replaced. A text that is nothing but a placeholder becomes a number.
func fill(v any, values map[string]float64) (any, error) {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, x := range v {
			filled, err := fill(x, values)
			if err != nil {
				return nil, err
			}
			out[k] = filled
		}
		return out, nil
	case []any:
		out := make([]any, 0, len(v))
		for _, x := range v {
			filled, err := fill(x, values)
			if err != nil {
				return nil, err
			}
			out = append(out, filled)
		}
		return out, nil
	case string:
		return fillText(v, values)
	}
	return v, nil
}

func fillText(text string, values map[string]float64) (any, error) {
	if placeholder.FindString(text) == text && text != "" {
		return compute(text[2:len(text)-1], values)
	}
	var failed error
	out := placeholder.ReplaceAllStringFunc(text, func(p string) string {
		x, err := compute(p[2:len(p)-1], values)
		if err != nil {
			failed = err
		}
		return number(x)
	})
	return out, failed
}

var word = regexp.MustCompile(`[a-z]+`)

// compute evaluates an expression of numbers and parameters, such as `100 - 14.4 * (100 - objective)`.
func compute(text string, values map[string]float64) (float64, error) {
	var unknown error
	numbers := word.ReplaceAllStringFunc(text, func(name string) string {
		v, ok := values[name]
		if !ok {
			unknown = fmt.Errorf("%q is no parameter", name)
		}
		return "(" + number(v) + ")"
	})
	if unknown != nil {
		return 0, unknown
	}
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(numbers)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", text, err)
	}
	return fold(expr)
}

func fold(e parser.Expr) (float64, error) {
	switch e := e.(type) {
	case *parser.NumberLiteral:
		return e.Val, nil
	case *parser.ParenExpr:
		return fold(e.Expr)
	case *parser.UnaryExpr:
		v, err := fold(e.Expr)
		if e.Op == parser.SUB {
			v = -v
		}
		return v, err
	case *parser.BinaryExpr:
		l, err := fold(e.LHS)
		if err != nil {
			return 0, err
		}
		r, err := fold(e.RHS)
		switch e.Op {
		case parser.ADD:
			return l + r, err
		case parser.SUB:
			return l - r, err
		case parser.MUL:
			return l * r, err
		case parser.DIV:
			return l / r, err
		}
	}
	return 0, fmt.Errorf("%s is no sum, difference, product or quotient of numbers", strings.TrimSpace(e.String()))
}
