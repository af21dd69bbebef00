package fn

import (
	"regexp"
	"sync/atomic"

	"github.com/endscope/endscope/logs/kql/value"
)

// regexArg returns what gives the regular expression of an argument: compiled once where it is constant, and again whenever it changes from
// row to row otherwise. wrap, where it is not nil, changes the text in Go's syntax that is compiled in the end.
func regexArg(arg Arg, wrap func(pattern string) string) (func(v value.Value) (*regexp.Regexp, error), error) {
	compile := func(pattern string) (*regexp.Regexp, error) {
		re, err := CompileRegex(pattern)
		if err != nil || wrap == nil {
			return re, err
		}
		return regexp.Compile(wrap(re.String()))
	}
	if pattern, ok := arg.Value.(string); ok && arg.Const {
		re, err := compile(pattern)
		return func(value.Value) (*regexp.Regexp, error) { return re, nil }, err
	}
	type compiled struct {
		pattern string
		re      *regexp.Regexp
	}
	var last atomic.Pointer[compiled]
	return func(v value.Value) (*regexp.Regexp, error) {
		pattern, _ := v.(string)
		if c := last.Load(); c != nil && c.pattern == pattern {
			return c.re, nil
		}
		re, err := compile(pattern)
		if err == nil {
			last.Store(&compiled{pattern, re})
		}
		return re, err
	}, nil
}
