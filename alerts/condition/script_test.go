package condition_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/alerts/condition"
	"github.com/endscope/endscope/scopes"
)

// start is the instant of the first check of every script.
var start = time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)

// TestScripts runs testdata/*.txt. A script is paragraphs:
//
//	name: three unmet checks resolve
//	rule: > 5 every 1m
//	see:  6 6 1 1 1
//	want: fired@0 resolved@4
//
// rule is an operator, a threshold (none for a dynamic one), and options; see has one word for each check: a number, `-` for no data,
// `!` for a failed evaluation, `?` for one that was not judged, `~` for an instant without a check, a number with the band
// (`7[1,5]`), any of them `xN` for N times. want has the number of the check of each event.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	ran := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for paragraph := range strings.SplitSeq(string(text), "\n\n") {
			script := map[string]string{}
			for line := range strings.Lines(paragraph) {
				key, value, ok := strings.Cut(line, ":")
				if ok && !strings.HasPrefix(line, "#") {
					script[key] = strings.TrimSpace(value)
				}
			}
			if len(script) == 0 {
				continue
			}
			require.Contains(t, script, "want", paragraph)
			ran++
			t.Run(script["name"], func(t *testing.T) {
				rule, named := ruleOf(t, script["rule"])
				seen := checksOf(t, script["see"])
				want := script["want"]
				assert.Equal(t, want, strings.Join(run(t, rule, named, seen, false), " "))
				assert.Equal(t, want, strings.Join(run(t, rule, named, seen, true), " "), "restarted and repeated at every check")
			})
		}
	}
	assert.Greater(t, ran, 50)
}

type seen struct {
	mark         byte
	value        float64
	lower, upper *float64
}

// run steps a state through the checks. With restart it encodes and decodes the state before each check and makes each check twice.
func run(t *testing.T, rule *alerts.Rule, named bool, checks []seen, restart bool) []string {
	t.Helper()
	var events []string
	var s condition.State
	p := condition.PolicyOf(rule)
	for i, one := range checks {
		if one.mark == '~' {
			continue
		}
		at := start.Add(time.Duration(i) * rule.EvaluationFrequency)
		c := condition.Check{Named: named}
		switch one.mark {
		case '!':
			c.Verdict = condition.Error
		case '?':
			c.Verdict = condition.Unjudged
		case '-':
			c.Verdict, _ = condition.Judge(&rule.Criteria[0], nil, one.lower, one.upper)
		default:
			var saw alerts.CriterionValue
			c.Verdict, saw = condition.Judge(&rule.Criteria[0], &one.value, one.lower, one.upper)
			c.Values = []alerts.CriterionValue{saw}
		}
		if restart {
			decoded, err := condition.Decode(s.Encode(nil))
			require.NoError(t, err)
			require.Equal(t, s, decoded)
			s = decoded
		}
		before, wasOpen := s.Open()
		e, happened := s.Step(p, at, c)
		if restart {
			_, again := s.Step(p, at, c)
			require.False(t, again, "a check that is repeated brings nothing")
		}
		if !happened {
			continue
		}
		require.Equal(t, at, e.At)
		require.Equal(t, c.Values, e.Values)
		if e.Condition == alerts.Resolved {
			require.True(t, wasOpen)
			require.Equal(t, before, e.FiredAt)
		} else {
			require.Equal(t, at, e.FiredAt)
		}
		events = append(events, fmt.Sprintf("%s@%d", strings.ToLower(string(e.Condition)), i))
	}
	return events
}

func ruleOf(t *testing.T, text string) (rule *alerts.Rule, named bool) {
	t.Helper()
	words := strings.Fields(text)
	require.NotEmpty(t, words)
	rule = &alerts.Rule{
		Kind: alerts.KindMetric, AutoMitigate: true, NoData: alerts.NoDataIgnore, EvaluationFrequency: time.Minute,
		Scopes: []scopes.Pattern{{Endpoint: "a"}}, Criteria: []alerts.Criterion{{Type: alerts.StaticThreshold}},
	}
	c := &rule.Criteria[0]
	c.Operator = map[string]alerts.Operator{
		">": alerts.GreaterThan, ">=": alerts.GreaterThanOrEqual, "<": alerts.LessThan, "<=": alerts.LessThanOrEqual, "==": alerts.Equals,
		"!=": alerts.NotEquals, "outside": alerts.GreaterOrLessThan, "above": alerts.GreaterThan, "below": alerts.LessThan,
	}[words[0]]
	require.NotEmpty(t, c.Operator, words[0])
	words = words[1:]
	if strings.Contains("outside above below", strings.Fields(text)[0]) {
		c.Type = alerts.DynamicThreshold
	} else {
		var err error
		c.Threshold, err = strconv.ParseFloat(words[0], 64)
		require.NoError(t, err)
		words = words[1:]
	}
	duration := func(s string) time.Duration {
		d, err := time.ParseDuration(s)
		require.NoError(t, err)
		return d
	}
	for i := 0; i < len(words); i++ {
		switch words[i] {
		case "every":
			i++
			rule.EvaluationFrequency = duration(words[i])
		case "of": // k of n
			k, err := strconv.Atoi(words[i-1])
			require.NoError(t, err)
			i++
			n, err := strconv.Atoi(words[i])
			require.NoError(t, err)
			c.FailingPeriods = alerts.FailingPeriods{NumberOfEvaluationPeriods: n, MinFailingPeriodsToAlert: k}
		case "nodata":
			i++
			rule.NoData = alerts.NoDataPolicy(words[i])
		case "stateless":
			rule.AutoMitigate = false
		case "mute":
			i++
			rule.MuteActionsDuration = duration(words[i])
		case "log":
			rule.Kind = alerts.KindLog
		case "named":
			named = true
		default:
			_, err := strconv.Atoi(words[i])
			require.NoError(t, err, "unknown word %s", words[i])
		}
	}
	return rule, named
}

func checksOf(t *testing.T, text string) []seen {
	t.Helper()
	var list []seen
	for _, word := range strings.Fields(text) {
		word, times, many := strings.Cut(word, "x")
		n := 1
		if many {
			var err error
			n, err = strconv.Atoi(times)
			require.NoError(t, err)
		}
		var one seen
		value, band, hasBand := strings.Cut(word, "[")
		if hasBand {
			lower, upper, _ := strings.Cut(strings.TrimSuffix(band, "]"), ",")
			for text, bound := range map[*string]**float64{&lower: &one.lower, &upper: &one.upper} {
				if *text != "" {
					x, err := strconv.ParseFloat(*text, 64)
					require.NoError(t, err)
					*bound = &x
				}
			}
		}
		if strings.Contains("-!?~", value) {
			one.mark = value[0]
		} else {
			var err error
			one.value, err = strconv.ParseFloat(value, 64)
			require.NoError(t, err)
		}
		for range n {
			list = append(list, one)
		}
	}
	return list
}
