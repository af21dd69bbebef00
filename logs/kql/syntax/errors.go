package syntax

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Limits of what is parsed. A longer or deeper query is refused with ErrTooLong or ErrTooDeep.
const (
	// MaxLength is the greatest length of a query's text, in bytes.
	MaxLength = 1 << 20
	// MaxDepth is how deep parentheses, calls, subqueries, lambdas and dynamic values may be nested in each other.
	MaxDepth = 250
	// MaxChain is how many binary operators and members of paths a query may have: each can make the tree one deeper, and whoever walks the
	// tree does so by recursion. A list of an in, or values of a datatable, do not count.
	MaxChain = 20000
)

var (
	// ErrTooLong means that the query is longer than MaxLength.
	ErrTooLong = errors.New("query too long")
	// ErrTooDeep means that the query is nested deeper than MaxDepth or has more operators than MaxChain.
	ErrTooDeep = errors.New("query nested too deep")
)

// Error is a syntax error. Line and Column are 1-based and count characters; the span counts bytes.
type Error struct {
	Message string
	Span
	Line, Column int
	cause        error // ErrTooLong, ErrTooDeep, or nil
}

// Error gives the message with its position.
func (e *Error) Error() string {
	return fmt.Sprintf("syntax error at line %d, column %d: %s", e.Line, e.Column, e.Message)
}

// Unwrap returns ErrTooLong or ErrTooDeep where a limit was the reason, otherwise nil.
func (e *Error) Unwrap() error { return e.cause }

// Position returns the 1-based line and column of a byte offset; columns count characters. Lines end with \n, \r\n or \r. An offset outside
// of the text is taken as its nearest end.
func Position(text string, offset int) (line, col int) {
	offset = max(0, min(offset, len(text)))
	line, start := 1, 0
	for i := 0; i < offset; i++ {
		if text[i] == '\n' || text[i] == '\r' && (i+1 >= len(text) || text[i+1] != '\n') {
			line, start = line+1, i+1
		}
	}
	return line, utf8.RuneCountInString(text[start:offset]) + 1
}

// nearest returns the word most like the given one, or "" when none is near: one that differs in case only, or by few letters.
func nearest(word string, words []string) string {
	best, bestCost := "", 3
	if len(word) < 5 {
		bestCost = 2
	}
	lower := strings.ToLower(word)
	for _, w := range words {
		if w == word {
			continue
		}
		if cost := distance(lower, strings.ToLower(w)); cost < bestCost {
			best, bestCost = w, cost
		}
	}
	return best
}

// distance is the number of insertions, deletions, replacements and swaps of neighbours that make b from a. Words that are too long to be
// misspelt ones are not compared.
func distance(a, b string) int {
	const longest = 40
	if len(a) > longest || len(b) > longest {
		return longest
	}
	var before, last, next [longest + 1]int
	for j := range next {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			next[j] = min(last[j]+1, next[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, last = last, next
	}
	return last[len(b)]
}
