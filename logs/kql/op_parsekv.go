package kql

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/endscope/endscope/logs/kql/syntax"
	"github.com/endscope/endscope/logs/kql/value"
)

// parseKV binds `parse-kv x as (a:t, ...) with (options)`: columns from the values of keys in a text. The first occurrence of a key counts; a
// key that is not there gives null.
func (b *binder) parseKV(in node, op *syntax.ParseKV, names *env) (node, error) {
	x, err := b.expr(op.Expr, &scope{env: names, cols: in.columns(), op: "parse-kv"})
	if err != nil {
		return nil, err
	}
	n := &parse{in: in, x: toText(x)}
	for _, c := range in.columns() {
		n.cols = append(n.cols, Column{Name: c.Name, Type: c.Type})
	}
	keys := map[string]int{}
	var types []value.Type
	for _, c := range op.Columns {
		if _, ok := keys[c.Name.Text]; ok {
			return nil, errAt(c.At(), "'parse-kv' operator: The column '%s' is named twice.", c.Name.Text)
		}
		keys[c.Name.Text] = len(types)
		types = append(types, c.Type)
		to := findColumn(n.cols, c.Name.Text)
		if to < 0 {
			to = len(n.cols)
			n.cols = append(n.cols, Column{Name: c.Name.Text})
		}
		n.cols[to].Type = c.Type
		n.to = append(n.to, to)
	}
	pairs, err := b.pairReader(op, names)
	if err != nil {
		return nil, err
	}
	n.extract = func(text string) ([]value.Value, bool) {
		vals, seen := make([]value.Value, len(types)), make([]bool, len(types))
		pairs(text, func(key, val string) {
			if i, ok := keys[key]; ok && !seen[i] {
				seen[i], vals[i] = true, parsed(val, types[i])
			}
		})
		return vals, true
	}
	return n, nil
}

// pairReader returns what finds the keys and values of a text, as the options say.
func (b *binder) pairReader(op *syntax.ParseKV, names *env) (func(text string, found func(key, val string)), error) {
	var p pairText
	var pattern string
	given := map[string]bool{}
	for _, o := range op.Options {
		name := o.Name.Text
		given[name] = true
		if name == "greedy" {
			word, _ := option(op.Options, name)
			p.greedy = strings.EqualFold(word, "true")
			continue
		}
		x, err := b.expr(o.Value, &scope{env: names, op: "parse-kv"})
		if err != nil {
			return nil, err
		}
		text, ok := constText(x)
		if !ok {
			return nil, errAt(o.Value.At(), "'parse-kv' operator: The option %s needs a constant text.", name)
		}
		switch name {
		case "pair_delimiter":
			p.pair = text
		case "kv_delimiter":
			p.kv = text
		case "quote":
			runes := []rune(text)
			if len(runes) < 1 || len(runes) > 2 {
				return nil, errAt(o.Value.At(), "'parse-kv' operator: quote is one character, or two that open and close, and not '%s'.", text)
			}
			p.open, p.close = runes[0], runes[len(runes)-1]
		case "escape":
			if utf8.RuneCountInString(text) != 1 {
				return nil, errAt(o.Value.At(), "'parse-kv' operator: escape is one character, and not '%s'.", text)
			}
			p.escape, _ = utf8.DecodeRuneInString(text)
		case "regex":
			pattern = text
		default:
			return nil, errAt(o.Name.Span, "'parse-kv' operator: There is no option '%s'.%s", name,
				didYouMean(name, []string{"pair_delimiter", "kv_delimiter", "quote", "escape", "greedy", "regex"}))
		}
	}
	switch {
	case given["regex"]:
		if len(given) > 1 {
			return nil, errAt(op.At(), "'parse-kv' operator: regex stands alone, without other options.")
		}
		re, err := compileRegex(pattern)
		if err != nil {
			return nil, errAt(op.At(), "'parse-kv' operator: %s", err)
		}
		if re.NumSubexp() != 2 {
			return nil, errAt(op.At(), "'parse-kv' operator: The regular expression needs 2 groups, of the key and of the value, and has %d.", re.NumSubexp())
		}
		return regexPairs(re), nil
	case len(given) == 0:
		return wordPairs, nil
	case p.pair == "" || p.kv == "":
		return nil, errAt(op.At(), "'parse-kv' operator: It needs both pair_delimiter and kv_delimiter, and neither can be empty.")
	}
	return p.read, nil
}

func regexPairs(re *regexp.Regexp) func(string, func(key, val string)) {
	return func(text string, found func(key, val string)) {
		for _, m := range re.FindAllStringSubmatch(text, -1) {
			found(m[1], m[2])
		}
	}
}

// wordPairs takes every word as a key whose value is the word behind it: without delimiters, everything but letters and digits is one.
func wordPairs(text string, found func(key, val string)) {
	last := ""
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if last != "" {
			found(last, word)
		}
		last = word
	}
}

// pairText is a text of pairs with delimiters. Keys and values may be quoted.
type pairText struct {
	pair, kv    string
	open, close rune // 0: none
	escape      rune // 0: none
	greedy      bool // a value goes on to the delimiter before the next key
}

func (p *pairText) read(text string, found func(key, val string)) {
	for text != "" {
		key, rest, ok := p.key(text)
		if !ok {
			return
		}
		if text = rest; key == "" {
			continue
		}
		val, rest := p.value(text)
		found(key, val)
		text = rest
	}
}

// key reads up to the delimiter before the value. What has no such delimiter before the next pair is skipped, with an empty key.
func (p *pairText) key(text string) (key, rest string, ok bool) {
	start := p.skipBlanks(text)
	if quoted, after, ok := p.quoted(text[start:]); ok {
		if rest, ok := strings.CutPrefix(after[p.skipBlanks(after):], p.kv); ok {
			return quoted, rest, true
		}
	}
	kv, pair := strings.Index(text, p.kv), strings.Index(text, p.pair)
	switch {
	case kv < 0:
		return "", "", false
	case pair >= 0 && pair < kv:
		return "", text[pair+len(p.pair):], true
	}
	return strings.TrimSpace(text[:kv]), text[kv+len(p.kv):], true
}

// value reads up to the delimiter of the next pair.
func (p *pairText) value(text string) (val, rest string) {
	start := p.skipBlanks(text)
	if quoted, after, ok := p.quoted(text[start:]); ok {
		_, rest, _ = strings.Cut(after, p.pair)
		return quoted, rest
	}
	end := strings.Index(text, p.pair)
	if p.greedy && end >= 0 {
		// The last delimiter before the next key ends the value; without a further key there is none.
		next := strings.Index(text, p.kv)
		if end = -1; next >= 0 {
			end = strings.LastIndex(text[:next], p.pair)
		}
	}
	if end < 0 {
		return strings.TrimSpace(text), ""
	}
	return strings.TrimSpace(text[:end]), text[end+len(p.pair):]
}

// skipBlanks returns where the text begins behind blanks, of which a delimiter is none.
func (p *pairText) skipBlanks(text string) int {
	at := 0
	for at < len(text) && (text[at] == ' ' || text[at] == '\t') && !strings.HasPrefix(text[at:], p.pair) && !strings.HasPrefix(text[at:], p.kv) {
		at++
	}
	return at
}

// quoted reads a quoted text at the beginning.
func (p *pairText) quoted(text string) (inner, rest string, ok bool) {
	first, n := utf8.DecodeRuneInString(text)
	if p.open == 0 || first != p.open {
		return "", "", false
	}
	var out strings.Builder
	escaped := false
	for at := n; at < len(text); {
		r, size := utf8.DecodeRuneInString(text[at:])
		switch {
		case !escaped && p.escape != 0 && r == p.escape:
			escaped = true
		case !escaped && r == p.close:
			return out.String(), text[at+size:], true
		default:
			out.WriteString(text[at : at+size])
			escaped = false
		}
		at += size
	}
	return "", "", false // it never closes
}
