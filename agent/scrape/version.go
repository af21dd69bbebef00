package scrape

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// version is the numbers of a version such as 0.11.2; nil is one that is not known. What follows the numbers ("rc1", "+cu124") does not count.
type version []int

// parseVersion reads the numbers that text begins with, after an optional "v". It returns an error that names text when there are none.
func parseVersion(text string) (version, error) {
	rest := strings.TrimPrefix(strings.TrimSpace(text), "v")
	var v version
	for len(v) < 8 {
		n := 0
		for n < len(rest) && rest[n] >= '0' && rest[n] <= '9' {
			n++
		}
		number, err := strconv.Atoi(rest[:n])
		if err != nil {
			break
		}
		v = append(v, number)
		if n == len(rest) || rest[n] != '.' {
			break
		}
		rest = rest[n+1:]
	}
	if v == nil {
		return nil, fmt.Errorf("%q is not a version such as 0.11.2", text)
	}
	return v, nil
}

// before tells whether v is older than other. Missing numbers are 0.
func (v version) before(other version) bool {
	n := max(len(v), len(other))
	pad := func(v version) []int { return append(slices.Clone(v), make([]int, n-len(v))...) }
	return slices.Compare(pad(v), pad(other)) < 0
}

// holds tells whether the source has its meaning in the version v; where v is not known it has, unless the source is strict.
func (s *Source) holds(v version) bool {
	if v == nil {
		return !s.Strict
	}
	return (s.since == nil || !v.before(s.since)) && (s.until == nil || v.before(s.until))
}
