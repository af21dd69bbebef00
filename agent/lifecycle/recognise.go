package lifecycle

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	maxLine  = 2048 // what is looked at of a line, in bytes
	maxLines = 64   // of one text, such as a traceback
)

// found is a rule that a line matched.
type found struct {
	rule
	took time.Duration // as the line tells; negative when it does not
	who  string        // the worker or the model; empty when there is one
}

// recogniser finds what lines say about a start. It does not change after newRecogniser.
type recogniser struct {
	needles needles  // the texts `has` of all rules
	rules   [][]rule // by the index of their text
	rank    *regexp.Regexp
}

func newRecogniser() *recogniser {
	r := &recogniser{rank: regexp.MustCompile(`\b(?:Worker|EngineCore)[A-Za-z0-9_]*|\b(?:DP|PP|TP|EP)\d+\b|\brank["']?[=:] ?\d+`)}
	for _, rule := range rules() {
		r.needles.add(rule.has)
	}
	r.rules = make([][]rule, len(r.needles.texts))
	for _, rule := range rules() {
		i := r.needles.index(rule.has)
		r.rules[i] = append(r.rules[i], rule)
	}
	return r
}

// find calls f for what each line of the text says.
func (r *recogniser) find(text string, f func(found)) {
	for range maxLines {
		end := strings.IndexAny(text, "\r\n")
		line := text
		if end >= 0 {
			line = text[:end]
		}
		r.line(line[:min(len(line), maxLine)], f)
		if end < 0 {
			return
		}
		text = text[end+1:]
	}
}

func (r *recogniser) line(line string, f func(found)) {
	for texts := r.needles.in(line); texts != 0; {
		var i int
		i, texts = texts.first()
		for _, rule := range r.rules[i] {
			if rule.with != "" && !strings.Contains(line, rule.with) {
				continue
			}
			m := found{rule: rule, took: -1}
			if rule.after != "" {
				if at := strings.LastIndex(line, rule.after); at >= 0 {
					m.took = seconds(line[at+len(rule.after):])
				}
			}
			if rule.key != "" {
				_, rest, _ := strings.Cut(line, rule.key)
				m.who = modelName(rest)
			} else if rule.phase != "" {
				m.who = r.worker(line)
			}
			f(m)
		}
	}
}

// worker returns what tells the workers of one server apart, such as "Worker_TP1" or "DP0 TP3".
func (r *recogniser) worker(line string) string {
	parts := r.rank.FindAllString(line, 4)
	return strings.Join(parts, " ")
}

// modelName returns the name at the beginning of what follows a key: lr of `lr:1"` and of `'lr' version 1`.
func modelName(text string) string {
	text = strings.TrimPrefix(text, "'")
	if end := strings.IndexAny(text, `:'" `); end >= 0 {
		text = text[:end]
	}
	return text[:min(len(text), 128)]
}

// seconds reads a time such as "3.22 seconds", "8 secs, took 0.31 GiB", "22.918174777s", "850ms" or "0:00:10.". It returns a negative time when the
// text begins with none; bytes are none.
func seconds(text string) time.Duration {
	end := 0
	for end < len(text) && (text[end] >= '0' && text[end] <= '9' || text[end] == '.') {
		end++
	}
	n, err := strconv.ParseFloat(strings.TrimSuffix(text[:end], "."), 64)
	if err != nil || math.IsInf(n, 0) {
		return -1
	}
	unit := strings.TrimLeft(text[end:], " ")
	word := unit
	if i := strings.IndexFunc(unit, func(r rune) bool { return (r < 'a' || r > 'z') && r != 'µ' }); i >= 0 {
		word = unit[:i]
	}
	switch word {
	case "s", "sec", "secs", "second", "seconds":
	case "ms":
		n /= 1e3
	case "us", "µs":
		n /= 1e6
	case "ns":
		n /= 1e9
	default:
		return -1
	}
	if n > 7*24*3600 {
		return -1 // no start takes a week
	}
	return time.Duration(n * float64(time.Second))
}
