package fn

import (
	"fmt"
	"strings"

	"github.com/endscope/endscope/logs/kql/value"
)

// parseCommandFunctions split command lines.
func parseCommandFunctions() []Scalar {
	return []Scalar{{
		Signature: Signature{Text: "parse_command_line(command: string, parser: string): dynamic", Help: `Returns the arguments of a command line by the rules of the parser, which can only be "windows".`},
		Make: func(_ *Context, args []Arg) (Eval, error) {
			if parser, _ := args[1].Value.(string); !args[1].Const || !strings.EqualFold(parser, "windows") {
				return nil, fmt.Errorf(`the parser must be "windows" (got %q)`, parser)
			}
			return func(a []value.Value) (value.Value, error) {
				if a[0] == "" {
					return nil, nil
				}
				return splitCommand(a[0].(string)), nil
			}, nil
		},
	}}
}

// splitCommand splits as CommandLineToArgvW does. The name of the program ends at the closing quote or the first blank, and backslashes mean
// nothing there. Behind it, 2n backslashes before a quote are n of them and the quote begins or ends quoting; one more makes the quote a
// character; two quotes while quoting are a character and end it.
func splitCommand(s string) value.Array {
	var program string
	if rest, ok := strings.CutPrefix(s, `"`); ok {
		program, s, _ = strings.Cut(rest, `"`)
	} else {
		i := strings.IndexAny(s, " \t")
		if i < 0 {
			i = len(s)
		}
		program, s = s[:i], s[i:]
	}
	out := value.Array{program}
	for {
		s = strings.TrimLeft(s, " \t")
		if s == "" {
			return out
		}
		var arg string
		arg, s = cutArgument(s)
		out = append(out, arg)
	}
}

func cutArgument(s string) (arg, rest string) {
	var b strings.Builder
	quoting := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			n := len(s[i:]) - len(strings.TrimLeft(s[i:], `\`))
			i += n - 1
			if i+1 == len(s) || s[i+1] != '"' {
				b.WriteString(strings.Repeat(`\`, n))
				continue
			}
			b.WriteString(strings.Repeat(`\`, n/2))
			if n%2 == 1 {
				b.WriteByte('"')
				i++
			}
		case c == '"':
			if quoting && i+1 < len(s) && s[i+1] == '"' {
				b.WriteByte('"')
				i++
			}
			quoting = !quoting
		case (c == ' ' || c == '\t') && !quoting:
			return b.String(), s[i:]
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), ""
}
