package kql

import (
	"slices"
	"strings"
	"unicode"

	"github.com/endscope/endscope/logs/kql/syntax"
	"github.com/endscope/endscope/logs/kql/value"
)

// reduce groups texts that look alike, and gives a pattern, the number of rows and one text of each group, the largest groups first.
type reduce struct {
	in     node
	x      expr
	least  float64 // share of the rows below which a group counts as others, under the pattern *
	within string  // characters that do not end a word, besides letters and digits
	source bool    // the answer is the rows below, each with its pattern
}

func (n *reduce) columns() []Column {
	if n.source {
		cols := append([]Column(nil), n.in.columns()...)
		return append(cols, Column{Name: freeName(cols, "Pattern"), Type: value.String})
	}
	return []Column{{Name: "Pattern", Type: value.String}, {Name: "Count", Type: value.Long}, {Name: "Representative", Type: value.String}}
}

func (n *reduce) inputs() []*node { return []*node{&n.in} }

func (n *reduce) require(need []bool) {
	below := make([]bool, len(n.in.columns()))
	if n.source && need != nil {
		copy(below, need)
	} else if n.source {
		n.in.require(nil)
		return
	}
	mark(below, n.x)
	n.in.require(below)
}

// reduce binds `reduce by x with threshold=t, characters="..."`. Groups are only put together by a threshold that the query sets.
func (b *binder) reduce(in node, op *syntax.Reduce, names *env) (node, error) {
	x, err := b.expr(op.Expr, &scope{env: names, cols: in.columns(), op: "reduce"})
	if err != nil {
		return nil, err
	}
	n := &reduce{in: in, x: toText(x)}
	if kind, ok := option(op.Options, "kind"); ok {
		if n.source = kind == "source"; !n.source {
			return nil, errAt(op.Options[0].At(), "'reduce' operator: There is no kind '%s'; there is only source.", kind)
		}
	}
	for _, o := range op.With {
		x, err := b.expr(o.Value, &scope{env: names, op: "reduce"})
		if err != nil {
			return nil, err
		}
		c, ok := x.(*constant)
		if !ok {
			return nil, errAt(o.Value.At(), "'reduce' operator: %s needs a constant.", o.Name.Text)
		}
		switch o.Name.Text {
		case "threshold":
			if n.least, ok = value.ToFloat(c.v); !ok || n.least < 0 || n.least > 1 {
				return nil, errAt(o.Value.At(), "'reduce' operator: threshold is a number from 0 to 1, and not %s.", value.Text(c.v))
			}
		case "characters":
			if n.within, ok = constText(x); !ok {
				return nil, errAt(o.Value.At(), "'reduce' operator: characters is a text.")
			}
		default:
			return nil, errAt(o.At(), "'reduce' operator: There is no option '%s'; there are threshold and characters.", o.Name.Text)
		}
	}
	return n, nil
}

func (n *reduce) open(r *run) (Rows, error) {
	return &lazy{make: func() ([]Row, error) { return n.rows(r) }}, nil
}

// likeness is texts of one shape: the same marks between as many words.
type likeness struct {
	words []string // "*" at the end of one that differs, behind what all have in common
	marks []string // before each word, and behind the last
	count int64
	first string
}

// maxLikenesses bounds the groups of one shape; a text that is like none of so many joins the nearest.
const maxLikenesses = 500

func (n *reduce) rows(r *run) ([]Row, error) {
	f, err := r.compile(n.x)
	if err != nil {
		return nil, err
	}
	in, err := r.open(n.in)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	shapes := map[string][]*likeness{}
	known := map[string]*likeness{} // by text, since logs repeat themselves
	var order []*likeness
	var source []Row
	var groups []*likeness // of the rows of source
	total := int64(0)
	for {
		batch, more, err := next(r, in)
		if err != nil {
			return nil, err
		}
		if !more {
			break
		}
		for _, row := range batch {
			v, err := f(row)
			if err != nil {
				return nil, err
			}
			text := value.Text(v)
			total++
			if n.source {
				if err := r.budget.take(sizeOf(row)); err != nil {
					return nil, err
				}
				source = append(source, row)
			}
			if l := known[text]; l != nil {
				l.count++
				groups = n.noted(groups, l)
				continue
			}
			words, marks := n.split(text)
			shape := strings.Join(marks, "\x00")
			l := nearest(shapes[shape], words)
			if l == nil {
				l = &likeness{words: words, marks: marks, first: text}
				shapes[shape] = append(shapes[shape], l)
				order = append(order, l)
				if err := r.budget.take(2*len(text) + 256); err != nil {
					return nil, err
				}
			}
			l.count++
			groups = n.noted(groups, l)
			l.merge(words)
			if len(known) < 1<<16 {
				known[text] = l
				if err := r.budget.take(len(text) + 64); err != nil {
					return nil, err
				}
			}
		}
	}
	if n.source {
		for i, row := range source {
			source[i] = append(row[:len(row):len(row)], n.patternOf(groups[i], total))
		}
		return source, nil
	}
	return n.answer(order, total), nil
}

// noted keeps the group of a row when the rows themselves are asked for.
func (n *reduce) noted(groups []*likeness, l *likeness) []*likeness {
	if n.source {
		groups = append(groups, l)
	}
	return groups
}

// patternOf is the pattern of a group, and * for a small one when there is a threshold.
func (n *reduce) patternOf(l *likeness, total int64) string {
	if float64(l.count) < n.least*float64(total) {
		return "*"
	}
	return l.pattern()
}

// answer puts groups of one pattern together, and small ones when there is a threshold.
func (n *reduce) answer(order []*likeness, total int64) []Row {
	byPattern := map[string]Row{}
	var out []Row
	for _, l := range order {
		pattern := n.patternOf(l, total)
		if row := byPattern[pattern]; row != nil {
			row[1] = row[1].(int64) + l.count
			continue
		}
		row := Row{pattern, l.count, l.first}
		byPattern[pattern] = row
		out = append(out, row)
	}
	slices.SortStableFunc(out, func(a, b Row) int { return int(b[1].(int64) - a[1].(int64)) })
	return out
}

// split divides a text into words and the marks around them.
func (n *reduce) split(text string) (words, marks []string) {
	start, inWord := 0, false
	for i, c := range text {
		word := unicode.IsLetter(c) || unicode.IsDigit(c) || strings.ContainsRune(n.within, c)
		if word == inWord {
			continue
		}
		if inWord {
			words = append(words, text[start:i])
		} else {
			marks = append(marks, text[start:i])
		}
		start, inWord = i, word
	}
	if inWord {
		return append(words, text[start:]), append(marks, "")
	}
	return words, append(marks, text[start:])
}

// nearest returns the group that at least half of the words agree with, or nil.
func nearest(groups []*likeness, words []string) *likeness {
	var best *likeness
	most := 0.0
	for _, l := range groups {
		if s := l.similarity(words); s > most {
			best, most = l, s
		}
	}
	if most >= 0.5*float64(len(words)) || len(words) == 0 && len(groups) > 0 || len(groups) >= maxLikenesses {
		if best == nil && len(groups) > 0 {
			best = groups[0]
		}
		return best
	}
	return nil
}

// similarity counts the words that are the same; those that begin alike, and two with digits in them, count half.
func (l *likeness) similarity(words []string) float64 {
	s := 0.0
	for i, w := range words {
		have := l.words[i]
		switch {
		case have == w:
			s++
		case strings.HasSuffix(have, "*") || 2*len(common(have, w)) >= len(w) || hasDigit(have) && hasDigit(w):
			s += 0.5
		}
	}
	return s
}

// merge keeps of each word what all texts of the group have in common.
func (l *likeness) merge(words []string) {
	for i, w := range words {
		have, open := strings.CutSuffix(l.words[i], "*")
		if have == w && !open || open && strings.HasPrefix(w, have) {
			continue
		}
		c := common(have, w)
		if len(c) < 3 {
			c = "" // a few letters in common say nothing
		}
		l.words[i] = c + "*"
	}
}

// pattern is the text of the group. Words that differ, with nothing but blanks between, are one star.
func (l *likeness) pattern() string {
	var out strings.Builder
	for i, w := range l.words {
		mark := l.marks[i]
		if w == "*" && i > 0 && l.words[i-1] == "*" && strings.TrimSpace(mark) == "" {
			continue
		}
		out.WriteString(mark)
		out.WriteString(w)
	}
	out.WriteString(l.marks[len(l.words)])
	return out.String()
}

func common(a, b string) string {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return strings.ToValidUTF8(a[:n], "")
}

func hasDigit(s string) bool { return strings.IndexFunc(s, unicode.IsDigit) >= 0 }
