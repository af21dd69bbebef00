package pack

import (
	"math"
	"regexp"
	"strconv"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/scopes"
)

var numeral = regexp.MustCompile(`-?\d+(?:\.\d+)?(?:e[+-]?\d+)?`)

// Parameters returns the parameters that a rule of an entry for a scope was made with, as far as its numbers say them still: nil where somebody
// wrote it anew, so that it asks something else than the entry does.
func (p *Pack) Parameters(e Entry, scope scopes.Pattern, rule alerts.Rule) map[string]float64 {
	is, err := readNumbers(rule)
	if err != nil {
		return nil
	}
	usual, err := p.numbersOf(e, scope, nil)
	if err != nil || is.words != usual.words {
		return nil
	}
	out := map[string]float64{}
	for _, param := range e.Parameters {
		// The numbers of a rule are linear in each parameter: what one of them would be with another value says what made it.
		other := between(param)
		moved, err := p.numbersOf(e, scope, map[string]float64{param.Name: other})
		if err != nil || moved.words != usual.words {
			return nil
		}
		for i, v := range usual.values {
			if step := moved.values[i] - v; step != 0 {
				out[param.Name] = rounded(param.Default + (is.values[i]-v)*(other-param.Default)/step)
				break
			}
		}
		if v, ok := out[param.Name]; !ok || !(v >= param.Min && v <= param.Max) {
			return nil
		}
	}
	return out
}

// between returns an allowed value of a parameter that is not its default.
func between(p Parameter) float64 {
	if p.Max-p.Default > p.Default-p.Min {
		return p.Default + (p.Max-p.Default)/1024
	}
	return p.Default - (p.Default-p.Min)/1024
}

// rounded takes off what computing with floats added.
func rounded(v float64) float64 {
	if v == 0 {
		return 0
	}
	scale := math.Pow(10, 9-math.Ceil(math.Log10(math.Abs(v))))
	return math.Round(v*scale) / scale
}

// numbers is the text of a rule, taken apart.
type numbers struct {
	words  string // with # for each number
	values []float64
}

func (p *Pack) numbersOf(e Entry, scope scopes.Pattern, parameters map[string]float64) (numbers, error) {
	rule, err := p.Rule(e, Choice{Scope: scope, Parameters: parameters})
	if err != nil {
		return numbers{}, err
	}
	return readNumbers(rule)
}

// readNumbers takes apart what a rule asks; whom it tells, how bad it is and what it says about itself do not count.
func readNumbers(rule alerts.Rule) (numbers, error) {
	rule.Actions, rule.Description, rule.Severity, rule.Enabled = nil, "", 0, true
	text, err := alerts.EncodeJSON(rule)
	if err != nil {
		return numbers{}, err
	}
	var out numbers
	out.words = numeral.ReplaceAllStringFunc(string(text), func(n string) string {
		v, _ := strconv.ParseFloat(n, 64) // of such a form that it always is a number
		out.values = append(out.values, v)
		return "#"
	})
	return out, nil
}
