package alerts

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// forbiddenInQuery says what a log rule's query has that it must not have. It looks at the words of the query only, outside of strings
// and comments; whether the query is right KQL is seen when it is asked.
func forbiddenInQuery(query string, frequency time.Duration) []string {
	words := queryWords(query)
	if len(words) == 0 {
		return []string{"must not be empty"}
	}
	var all []string
	say := func(s string) {
		if !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	everyMinute := frequency == time.Minute
	for i, w := range words {
		called := i+1 < len(words) && words[i+1].text == "("
		begins := i == 0 || slices.Contains([]string{"|", ";", "(", ","}, words[i-1].text)
		switch lower := strings.ToLower(w.text); {
		case called && slices.Contains([]string{"bag_unpack", "pivot", "narrow"}, lower):
			say(fmt.Sprintf("must not use %s() in a rule", lower))
		case called && lower == "ago" && !literalTimespan(words[i+2:]):
			say("must give ago() a timespan literal such as ago(1h)")
		case everyMinute && called && lower == "ingestion_time":
			say("must not use ingestion_time() at a frequency of one minute")
		case everyMinute && begins && !called && slices.Contains([]string{"search", "union", "take", "limit"}, lower) || everyMinute && i > 0 && words[i-1].text == "|" && slices.Contains([]string{"search", "union", "take", "limit"}, lower):
			if i+1 < len(words) && slices.Contains([]string{"=", "==", "|", ",", ")"}, words[i+1].text) {
				continue // a column or a variable of that name
			}
			say(fmt.Sprintf("must not use %s at a frequency of one minute", lower))
		}
	}
	return all
}

var timespanLiteral = regexp.MustCompile(`^\d+(\.\d+)?(d|day|days|h|hr|hrs|hour|hours|m|min|minute|minutes|s|sec|second|seconds|ms|milli|millis|millisecond|milliseconds|micro|micros|microsecond|microseconds|nano|nanos|nanosecond|nanoseconds|tick|ticks)$`)

// literalTimespan says whether words begin with a timespan literal and a closing parenthesis: `1h)`, `- 1h)`, `time(1.02:00:00))`.
func literalTimespan(words []queryWord) bool {
	at := func(i int) string {
		if i < len(words) {
			return strings.ToLower(words[i].text)
		}
		return ""
	}
	if at(0) == "-" || at(0) == "+" {
		words = words[1:]
	}
	if at(0) == "time" || at(0) == "timespan" {
		end := slices.IndexFunc(words, func(w queryWord) bool { return w.text == ")" })
		return at(1) == "(" && end > 0 && at(end+1) == ")"
	}
	return timespanLiteral.MatchString(at(0)) && at(1) == ")"
}

// queryWord is a name or number, a string (without its text), or one character.
type queryWord struct{ text string }

// queryWords takes a query apart, without its comments and what is in its strings.
func queryWords(q string) []queryWord {
	var words []queryWord
	for i := 0; i < len(q); {
		c := q[i]
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		case strings.HasPrefix(q[i:], "//"):
			end := strings.IndexByte(q[i:], '\n')
			if end < 0 {
				return words
			}
			i += end
		case strings.HasPrefix(q[i:], "```") || strings.HasPrefix(q[i:], "~~~"):
			end := strings.Index(q[i+3:], q[i:i+3])
			if end < 0 {
				return append(words, queryWord{`"`})
			}
			words, i = append(words, queryWord{`"`}), i+end+6
		case c == '"' || c == '\'':
			verbatim := i > 0 && q[i-1] == '@'
			words, i = append(words, queryWord{`"`}), stringEnd(q, i, verbatim)
		case wordByte(c):
			start := i
			for i < len(q) && (wordByte(q[i]) || q[i] == '.' && i+1 < len(q) && digit(q[start]) && digit(q[i+1])) {
				i++
			}
			words = append(words, queryWord{q[start:i]})
		case strings.HasPrefix(q[i:], "=="):
			words, i = append(words, queryWord{"=="}), i+2
		default:
			words, i = append(words, queryWord{q[i : i+1]}), i+1
		}
	}
	return words
}

// stringEnd returns where the string that begins at start ends. An ordinary one has escapes, a verbatim one its quote doubled.
func stringEnd(q string, start int, verbatim bool) int {
	quote := q[start]
	for i := start + 1; i < len(q); i++ {
		switch {
		case !verbatim && q[i] == '\\':
			i++
		case q[i] == quote && verbatim && i+1 < len(q) && q[i+1] == quote:
			i++
		case q[i] == quote:
			return i + 1
		}
	}
	return len(q)
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

func wordByte(c byte) bool {
	return c == '_' || digit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}
