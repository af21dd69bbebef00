package evaluate

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/endscope/endscope/alerts"
)

const timeColumn = "TimeGenerated"

// logShape is how a log rule's query may be asked.
//
// A check at T looks at bins of windowSize that end at T, one for each of the criterion's failing periods: [T-w, T), [T-2w, T-w) and so
// on, as KQL's bin() cuts them, and it is met if as many bins as the failing periods say are. The query's own range bounds how
// many bins there are; where there is one bin only, the query reads the whole range.
type logShape struct {
	bins    int
	failing int
	span    time.Duration // that a question about one check reads
	// byTime says that rows may be cut into bins after one question over a longer range: the query treats each row by itself, or
	// gathers them in bins of TimeGenerated that never lie in two of ours. Otherwise each bin is a question.
	byTime bool
}

// shapeOf returns the shape of a criterion of a log rule.
func shapeOf(rule *alerts.Rule, c *alerts.Criterion) logShape {
	s := logShape{bins: max(1, c.FailingPeriods.NumberOfEvaluationPeriods), failing: max(1, c.FailingPeriods.MinFailingPeriodsToAlert)}
	s.span = rule.WindowSize * time.Duration(s.bins)
	if r := rule.QueryTimeRange; r > 0 {
		s.bins = min(s.bins, max(1, int((r+rule.WindowSize-1)/rule.WindowSize)))
		s.span = r
	}
	s.failing = min(s.failing, s.bins)
	grain, ok := timeGrain(c.Query)
	g := commonDivisor(rule.EvaluationFrequency, rule.WindowSize)
	// A range that is longer than the bins is there for queries that look back; only rows by themselves do without.
	s.byTime = ok && (grain == 0 || g%grain == 0)
	return s
}

func commonDivisor(a, b time.Duration) time.Duration {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// rowwise are the operators that treat each row by itself, and those that only order rows.
func rowwise(operator string) bool {
	return slices.Contains([]string{"where", "filter", "extend", "project", "project-away", "project-keep", "project-rename",
		"project-reorder", "parse", "parse-where", "sort", "order"}, operator)
}

var (
	// clockOrOrder finds what depends on when a query is asked or on the rows around a row.
	clockOrOrder = regexp.MustCompile(`(?i)\b(now|ago|rand|prev|next|row_[a-z_]+|ingestion_time|new_guid|toscalar|materialize|cursor_[a-z_]+|series_[a-z_]+)\s*\(`)
	// subquery finds lists that may be tables.
	subquery    = regexp.MustCompile(`(?i)(\bin~?|\bhas_any|\bhas_all)\s*\(\s*[A-Za-z_]`)
	tableName   = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	binnedBy    = regexp.MustCompile(`(?is)\bby\b.*\bbin\s*\(\s*TimeGenerated\s*,\s*(\d+)\s*(ms|s|m|h|d)\s*\)`)
	renamedTime = regexp.MustCompile(`(?is)\bTimeGenerated\s*=[^=~]|=\s*bin\s*\(\s*TimeGenerated`)
)

// timeGrain says whether what a query makes of a range of time is the same as what it makes of the parts, put together, and how long
// parts must be: a multiple of the grain, 0 for any. It knows plain pipelines only and says no to everything else.
func timeGrain(query string) (grain time.Duration, ok bool) {
	if strings.ContainsAny(query, ";`~\\@") || strings.Contains(query, "//") {
		return 0, false
	}
	plain, ok := withoutStrings(query)
	if !ok || clockOrOrder.MatchString(plain) || subquery.MatchString(plain) {
		return 0, false
	}
	depth := 0
	for _, r := range plain {
		switch {
		case r == '(':
			depth++
		case r == ')':
			depth--
		case r == '|' && depth != 0:
			return 0, false // a query within
		}
	}
	steps := strings.Split(plain, "|")
	if !tableName.MatchString(strings.TrimSpace(steps[0])) || renamedTime.MatchString(plain) {
		return 0, false
	}
	for _, step := range steps[1:] {
		words := strings.Fields(step)
		if len(words) == 0 {
			return 0, false
		}
		operator := strings.ToLower(words[0])
		switch {
		case rowwise(operator):
		case operator == "summarize" && grain == 0:
			m := binnedBy.FindStringSubmatch(step)
			if m == nil {
				return 0, false
			}
			if grain, ok = timespan(m[1], m[2]); !ok {
				return 0, false
			}
		default:
			return 0, false
		}
	}
	return grain, true
}

func timespan(number, unit string) (time.Duration, bool) {
	if unit == "d" {
		number, unit = number+"h", ""
		d, err := time.ParseDuration(number)
		return d * 24, err == nil && d > 0 && d < 1000*time.Hour
	}
	d, err := time.ParseDuration(number + strings.ToLower(unit))
	return d, err == nil && d > 0
}

// withoutStrings empties the strings of a query, false where one has no end.
func withoutStrings(q string) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(q); i++ {
		b.WriteByte(q[i])
		if q[i] != '"' && q[i] != '\'' {
			continue
		}
		end := strings.IndexByte(q[i+1:], q[i])
		if end < 0 {
			return "", false
		}
		i += end + 1
		b.WriteByte(q[i])
	}
	return b.String(), true
}
