package fn

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/endscope/endscope/logs/kql/value"
)

// maxGroups bounds the groups that extract_all takes, as the language says.
const maxGroups = 16

// regexExtractFunctions take matches of regular expressions out of text.
func regexExtractFunctions() []Scalar {
	return []Scalar{
		{
			Signature: Signature{
				Text: "extract(regex: string, captureGroup: long, text: string, [type: any]): any",
				Help: "Returns a group of the first match of a regular expression (0 is all of it), converted to the type of a typeof() where one is given.",
			},
			Result: func(args []Arg) (value.Type, error) { return optionalType("extract", args, 3) },
			Make:   makeExtract,
		},
		{
			Signature: Signature{
				Text:    "extract_all(regex: string, groupsOrText: string|dynamic, [text: string]): dynamic",
				Help:    "Returns the groups of every match of a regular expression as an array; an array before the text chooses groups by number or name.",
				Aliases: []string{"extractall"},
			},
			Make: makeExtractAll,
		},
	}
}

// optionalType returns the type that the i-th argument names, or string when there is none.
func optionalType(name string, args []Arg, i int) (value.Type, error) {
	if i >= len(args) {
		return value.String, nil
	}
	return typeArgument(args[i])
}

func makeExtract(_ *Context, args []Arg) (Eval, error) {
	pattern, err := regexArg(args[0], nil)
	if err != nil {
		return nil, err
	}
	to, err := optionalType("extract", args, 3)
	if err != nil {
		return nil, err
	}
	if args[0].Const && args[0].Value != nil && args[1].Const && args[1].Value != nil {
		re, err := pattern(args[0].Value)
		if err != nil {
			return nil, err
		}
		if err := checkGroup(re, args[1].Value.(int64)); err != nil {
			return nil, err
		}
	}
	return func(a []value.Value) (value.Value, error) {
		re, err := pattern(a[0])
		if err != nil {
			return nil, err
		}
		group := a[1].(int64)
		if err := checkGroup(re, group); err != nil {
			return nil, err
		}
		text := a[2].(string)
		m := re.FindStringSubmatchIndex(text)
		if m == nil || m[2*group] < 0 {
			return nil, nil
		}
		return value.Convert(text[m[2*group]:m[2*group+1]], to), nil
	}, nil
}

func checkGroup(re *regexp.Regexp, group int64) error {
	if group < 0 || group > int64(re.NumSubexp()) {
		return fmt.Errorf("no group %d: the regular expression has the groups 0 to %d", group, re.NumSubexp())
	}
	return nil
}

func makeExtractAll(c *Context, args []Arg) (Eval, error) {
	pattern, err := regexArg(args[0], nil)
	if err != nil {
		return nil, err
	}
	source, choice := 1, value.Value(nil)
	if len(args) > 2 {
		source = 2
		if !args[1].Const {
			return nil, errors.New("the groups must be a constant array")
		}
		choice = args[1].Value
	}
	if args[0].Const && args[0].Value != nil {
		re, err := pattern(args[0].Value)
		if err != nil {
			return nil, err
		}
		if _, err := chosenGroups(re, choice); err != nil {
			return nil, err
		}
	}
	t := typesOf(args)
	return func(a []value.Value) (value.Value, error) {
		re, err := pattern(a[0])
		if err != nil {
			return nil, err
		}
		groups, err := chosenGroups(re, choice)
		if err != nil {
			return nil, err
		}
		text := t.text(a, source)
		matches := re.FindAllStringSubmatchIndex(text, -1)
		if matches == nil {
			return nil, nil
		}
		if err := c.Budget(len(text) + 16*len(matches)*(len(groups)+1)); err != nil {
			return nil, err
		}
		out := make(value.Array, len(matches))
		for i, m := range matches {
			row := make(value.Array, len(groups))
			for j, g := range groups {
				row[j] = ""
				if m[2*g] >= 0 {
					row[j] = text[m[2*g]:m[2*g+1]]
				}
			}
			if out[i] = row; len(groups) == 1 {
				out[i] = row[0]
			}
		}
		return out, nil
	}, nil
}

// chosenGroups returns the numbers of the groups that extract_all returns. choice is null for all of them.
func chosenGroups(re *regexp.Regexp, choice value.Value) ([]int, error) {
	n := re.NumSubexp()
	if n == 0 || n > maxGroups {
		return nil, fmt.Errorf("the regular expression must have 1 to %d groups (got %d)", maxGroups, n)
	}
	var groups []int
	if choice == nil {
		for g := range n {
			groups = append(groups, g+1)
		}
		return groups, nil
	}
	list, ok := choice.(value.Array)
	if !ok || len(list) == 0 {
		return nil, fmt.Errorf("the groups must be an array of numbers and names (got %s)", value.AppendJSON(nil, choice))
	}
	for _, v := range list {
		g := -1
		switch v := v.(type) {
		case int64:
			if v >= 1 && v <= int64(n) {
				g = int(v)
			}
		case string:
			g = re.SubexpIndex(v)
		}
		if g < 0 {
			return nil, fmt.Errorf("no group %s: the regular expression has the groups 1 to %d", value.AppendJSON(nil, v), n)
		}
		groups = append(groups, g)
	}
	return groups, nil
}
