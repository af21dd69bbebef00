package syntax

import (
	"sort"
	"strings"
	"unicode/utf8"
)

// A formatted text is laid out from docs: texts, places where a line may end, and groups, which stay on one line where they fit and have a
// line end at each of their places where they do not.
type doc interface{ doc() }

type (
	// text is written as it is. It has a line end in it only where a string has.
	text string
	// raw is text of the query that is written as it was, with the comments in it.
	raw struct {
		text string
		span Span
	}
	cat []doc
	// place is where a line may end: in its place stands a space or nothing. pos is where the text behind it stood in the query, so that
	// comments from before it are written before it; hard always ends the line; closing says that a closing bracket follows.
	place struct {
		pos           int
		space         bool
		hard, closing bool
	}
	// nest indents the lines that begin in it.
	nest struct{ body doc }
	// group begins at start in the query. broken is set by prepare.
	group struct {
		start  int
		body   doc
		broken bool
	}
)

func (text) doc()   {}
func (raw) doc()    {}
func (cat) doc()    {}
func (place) doc()  {}
func (nest) doc()   {}
func (*group) doc() {}

const (
	lineWidth  = 100 // characters of a line before a group in it is broken
	indentStep = 4
)

// layout writes docs.
type layout struct {
	out      strings.Builder
	column   int       // characters on the current line
	comments []Comment // those not written yet
}

// command is a doc that is still to be written.
type command struct {
	indent int
	broken bool // places end the line
	doc    doc
}

// prepare decides which groups cannot stay on one line: those that hold a hard place, or such a group, and those with a comment before their
// last place. It returns whether d holds a hard place and the greatest position of its places, those of groups in it left out.
func (l *layout) prepare(d doc) (hard bool, last int) {
	switch d := d.(type) {
	case place:
		return d.hard, d.pos
	case cat:
		for _, c := range d {
			h, pos := l.prepare(c)
			hard, last = hard || h, max(last, pos)
		}
	case nest:
		return l.prepare(d.body)
	case *group:
		hard, last = l.prepare(d.body)
		i := sort.Search(len(l.comments), func(i int) bool { return l.comments[i].Start >= d.start })
		d.broken = hard || i < len(l.comments) && l.comments[i].Start < last
		return d.broken, 0
	}
	return hard, last
}

// write lays out a doc that was prepared.
func (l *layout) write(d doc) {
	stack := []command{{broken: true, doc: d}}
	for len(stack) > 0 {
		c := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		switch d := c.doc.(type) {
		case text:
			l.text(string(d))
		case raw:
			l.dropComments(d.span)
			l.text(d.text)
		case cat:
			for i := len(d) - 1; i >= 0; i-- {
				stack = append(stack, command{c.indent, c.broken, d[i]})
			}
		case nest:
			stack = append(stack, command{c.indent + indentStep, c.broken, d.body})
		case *group:
			broken := d.broken || !l.fits(command{c.indent, false, d.body}, stack)
			stack = append(stack, command{c.indent, broken, d.body})
		case place:
			switch {
			case c.broken || d.hard:
				l.lineEnd(c.indent, d)
			case d.space:
				l.text(" ")
			}
		}
	}
}

// fits says whether a command fits on the rest of the line, with what follows it up to the next line end.
func (l *layout) fits(c command, after []command) bool {
	room := lineWidth - l.column
	stack := []command{c}
	next := len(after)
	for room >= 0 {
		if len(stack) == 0 {
			if next == 0 {
				return true
			}
			next--
			stack = append(stack, after[next])
		}
		c := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		switch d := c.doc.(type) {
		case text:
			first, _, more := strings.Cut(string(d), "\n")
			if room -= utf8.RuneCountInString(first); more {
				return room >= 0
			}
		case raw:
			first, _, more := strings.Cut(d.text, "\n")
			if room -= utf8.RuneCountInString(first); more {
				return room >= 0
			}
		case cat:
			for i := len(d) - 1; i >= 0; i-- {
				stack = append(stack, command{0, c.broken, d[i]})
			}
		case nest:
			stack = append(stack, command{0, c.broken, d.body})
		case *group:
			// A group behind the one in question may still be broken at its first place.
			stack = append(stack, command{0, c.broken || d.broken, d.body})
		case place:
			if c.broken || d.hard {
				return true
			}
			if d.space {
				room--
			}
		}
	}
	return false
}

func (l *layout) text(s string) {
	l.out.WriteString(s)
	if i := strings.LastIndexByte(s, '\n'); i >= 0 {
		l.column, s = 0, s[i+1:]
	}
	l.column += utf8.RuneCountInString(s)
}

// lineEnd ends the line, after the comments that stood before the place.
func (l *layout) lineEnd(indent int, p place) {
	at := indent
	if p.closing {
		at += indentStep
	}
	l.flush(at, p.pos)
	l.newline(indent)
}

func (l *layout) newline(indent int) {
	l.out.WriteByte('\n')
	l.out.WriteString(strings.Repeat(" ", indent))
	l.column = indent
}

// flush writes the comments from before a position: the first behind the line if it stood behind one, the others on lines of their own.
func (l *layout) flush(indent, pos int) {
	for i := 0; len(l.comments) > 0 && l.comments[0].Start < pos; i++ {
		c := l.comments[0]
		l.comments = l.comments[1:]
		switch {
		case l.out.Len() == 0:
		case i == 0 && !c.OwnLine:
			l.out.WriteByte(' ')
		default:
			l.newline(indent)
		}
		l.text(c.Text)
	}
}

// dropComments forgets the comments of a span, which are written as part of its text.
func (l *layout) dropComments(s Span) {
	from := sort.Search(len(l.comments), func(i int) bool { return l.comments[i].Start >= s.Start })
	to := sort.Search(len(l.comments), func(i int) bool { return l.comments[i].Start >= s.End })
	// The few that wait to be written move up, since those behind the span can be many.
	copy(l.comments[to-from:to], l.comments[:from])
	l.comments = l.comments[to-from:]
}
