package ingest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/internal/logrows"
	"github.com/endscope/endscope/scopes"
)

// naiveRow is what encoding/json and plain code make of one row: its values, or why it is refused.
type naiveRow struct {
	values row
	reason Reason
}

// naiveRows reads newline-delimited JSON slowly. One object over several lines is told apart as the real reader does.
//
// It returns false for a body whose first line has a row and then one that is cut there but not in the body: that is never one row.
func naiveRows(h *logHarness, table *logrows.Table, body []byte) (out []naiveRow, ok bool) {
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	for i, line := range bytes.Split(body, []byte("\n")) {
		dec := json.NewDecoder(bytes.NewReader(line))
		for {
			var raw json.RawMessage
			err := dec.Decode(&raw)
			if err == io.EOF {
				break
			}
			if err != nil {
				if i == 0 && errors.Is(err, io.ErrUnexpectedEOF) && json.Valid(body) && len(bytes.TrimSpace(body)) > 0 && bytes.TrimSpace(body)[0] == '{' {
					if len(out) > 0 {
						return nil, false
					}
					return []naiveRow{naiveLogRow(h, table, body)}, true
				}
				out = append(out, naiveRow{reason: ReasonFormat})
				break
			}
			out = append(out, naiveLogRow(h, table, raw))
		}
	}
	return out, true
}

// naiveLogRow reads one row, which is JSON.
func naiveLogRow(h *logHarness, table *logrows.Table, raw []byte) (n naiveRow) {
	cfg := h.in.cfg.Logs
	n.values = row{}
	refuse := func(reason Reason) {
		if n.reason == "" {
			n.reason = reason
		}
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if open, _ := dec.Token(); open != json.Delim('{') {
		return naiveRow{reason: ReasonFormat}
	}
	properties := map[string]any{}
	property := func(name string, raw []byte) {
		if len(name) > int(cfg.MaxFieldName) || naiveDepth(raw) > cfg.MaxDepth {
			refuse(ReasonFieldLimit)
		}
		properties[name] = unmarshal(raw)
		if len(properties) > cfg.MaxProperties {
			refuse(ReasonFieldLimit)
		}
	}
	empty := true
	for dec.More() {
		empty = false
		key, _ := dec.Token()
		name := key.(string)
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			panic(err)
		}
		col := naiveColumn(table, name)
		switch {
		case col == nil:
			if name != columnType || unmarshal(value) != table.Name {
				property(name, value)
			}
		case col.Name == columnProperties:
			switch members := unmarshal(value).(type) {
			case nil:
			case map[string]any:
				inner := json.NewDecoder(bytes.NewReader(value))
				_, _ = inner.Token()
				for inner.More() {
					key, _ := inner.Token()
					var value json.RawMessage
					if err := inner.Decode(&value); err != nil {
						panic(err)
					}
					property(key.(string), value)
				}
			default:
				_ = members
				property(columnProperties, value)
			}
		default:
			v, reason := naiveValue(col, value, cfg.MaxDepth)
			switch {
			case reason != "":
				refuse(reason)
			case v == nil:
				delete(n.values, col.Name)
			default:
				n.values[col.Name] = v
			}
		}
	}
	if empty {
		return naiveRow{reason: ReasonEmpty}
	}
	if len(properties) > 0 {
		n.values[columnProperties] = properties
	}
	for name, v := range n.values { // missing strings are empty ones
		if v == "" {
			delete(n.values, name)
		}
	}
	if at, ok := n.values[columnTime]; !ok {
		n.values[columnTime] = h.now.Format(time.RFC3339Nano)
	} else if when, _ := time.Parse(time.RFC3339Nano, at.(string)); when.After(h.now.Add(h.in.cfg.MaxAhead)) {
		refuse(ReasonFuture)
	}
	naiveIdentity(n.values, refuse)
	if n.values[columnTime].(string) < "1900" { // the store's rule
		refuse(ReasonTooOld)
	}
	if n.reason != "" {
		n.values = nil
	}
	return n
}

func naiveColumn(table *logrows.Table, name string) *logrows.Column {
	lower := []byte(name) // of ASCII alone
	for i, c := range lower {
		if c >= 'A' && c <= 'Z' {
			lower[i] = c + 32
		}
	}
	for _, same := range []func(c string) bool{func(c string) bool { return c == name }, func(c string) bool { return strings.ToLower(c) == string(lower) }} {
		for i := range table.Columns {
			if c := &table.Columns[i]; same(c.Name) && !madeByServer(c.Name) {
				return c
			}
		}
	}
	return nil
}

func naiveIdentity(values row, refuse func(Reason)) {
	get := func(name string) string { s, _ := values[name].(string); return s }
	if id := get(columnResource); id != "" {
		is := parseResourceID(id) // has a test of its own
		for column, named := range map[string]string{columnEndpoint: is.endpoint, columnDeployment: is.deployment, columnSubscription: is.subscription} {
			switch given := get(column); {
			case named == "":
			case given == "":
				values[column] = named
			case !strings.EqualFold(given, named):
				refuse(ReasonIdentity)
			}
		}
	}
	if get(columnEndpoint) == "" {
		return
	}
	for column, level := range map[string]scopes.Level{columnEndpoint: scopes.LevelEndpoint, columnDeployment: scopes.LevelDeployment, columnInstance: scopes.LevelInstance} {
		if name := get(column); name != "" && scopes.ValidateName(level, name) != nil {
			refuse(ReasonIdentity)
		}
	}
}

func unmarshal(raw []byte) (v any) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		panic(err)
	}
	return v
}

func naiveDepth(raw []byte) (depth int) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	open := 0
	for {
		token, err := dec.Token()
		if err != nil {
			return depth
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			open++
			depth = max(depth, open)
		case json.Delim('}'), json.Delim(']'):
			open--
		}
	}
}

var numberText = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$`)

// naiveValue reads a column's value. A nil value is a missing one; values of dynamic columns, and of text columns that are given objects,
// are wrapped, because only their meaning is compared.
func naiveValue(col *logrows.Column, raw []byte, maxDepth int) (any, Reason) {
	v := unmarshal(raw)
	switch given := v.(type) {
	case nil:
		return nil, ""
	case map[string]any, []any:
		if col.Type != logrows.Dynamic && col.Type != logrows.String {
			return nil, ReasonType
		}
		if naiveDepth(raw) > maxDepth {
			return nil, ReasonFieldLimit
		}
		return asJSON{given}, ""
	case bool:
		switch col.Type {
		case logrows.Dynamic:
			return asJSON{given}, ""
		case logrows.Bool:
			return given, ""
		case logrows.String:
			return strconv.FormatBool(given), ""
		}
		return nil, ReasonType
	case string:
		switch col.Type {
		case logrows.Dynamic:
			return asJSON{given}, ""
		case logrows.String:
			return given, ""
		}
		if given == "" {
			return nil, ""
		}
		return naiveText(col, given)
	}
	number := string(v.(json.Number))
	switch col.Type {
	case logrows.Dynamic:
		return asJSON{v}, ""
	case logrows.String:
		return number, ""
	}
	return naiveNumber(col, number)
}

type asJSON struct{ v any }

var timeText = regexp.MustCompile(`^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:)(\d\d)([.,]\d{1,9})?([Zz]|[-+](?:[01]\d|2[0-3]):?[0-5]\d)?$`)
var spanText = regexp.MustCompile(`^(-)?(?:(\d{1,9})\.)?(\d\d):(\d\d):(\d\d)(?:\.(\d{1,7}))?$`)
var guidText = regexp.MustCompile(`^(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

func naiveText(col *logrows.Column, text string) (any, Reason) {
	switch col.Type {
	case logrows.Bool:
		switch {
		case equalASCII(text, "true"), text == "1":
			return true, ""
		case equalASCII(text, "false"), text == "0":
			return false, ""
		}
		return nil, ReasonType
	case logrows.Real:
		if f, ok := map[string]string{"NaN": "NaN", "Infinity": "+Inf", "-Infinity": "-Inf"}[text]; ok {
			return f, ""
		}
	case logrows.GUID:
		if guidText.MatchString(text) {
			return strings.ToLower(text), ""
		}
		return nil, ReasonType
	case logrows.Timespan:
		m := spanText.FindStringSubmatch(text)
		if m == nil {
			return nil, ReasonType
		}
		var n [4]int64
		for i := range n {
			n[i], _ = strconv.ParseInt(m[i+2], 10, 64)
		}
		fraction, _ := strconv.ParseInt((m[6] + "0000000")[:7], 10, 64)
		if n[1] > 23 || n[2] > 59 || n[3] > 59 || n[0] > 10675198 {
			return nil, ReasonType
		}
		ticks := (((n[0]*24+n[1])*60+n[2])*60+n[3])*logrows.TicksPerSecond + fraction
		if m[1] != "" {
			ticks = -ticks
		}
		return ticks, ""
	case logrows.Datetime:
		if m := timeText.FindStringSubmatch(text); m != nil {
			leap := m[3] == "60"
			if leap {
				m[3] = "59"
			}
			zone := strings.ToUpper(m[5])
			if zone == "" {
				zone = "Z"
			}
			if len(zone) == 5 {
				zone = zone[:3] + ":" + zone[3:]
			}
			at, err := time.Parse(time.RFC3339Nano, m[1]+"T"+m[2]+m[3]+strings.Replace(m[4], ",", ".", 1)+zone)
			if leap {
				at = at.Add(time.Second)
			}
			at = at.UTC().Truncate(100)
			if err != nil || strings.HasPrefix(m[1], "0000") || at.Year() < 1 || at.Year() > 9999 {
				return nil, ReasonType
			}
			return at.Format(time.RFC3339Nano), ""
		}
	}
	if !numberText.MatchString(text) {
		return nil, ReasonType
	}
	return naiveNumber(col, text)
}

func equalASCII(a, b string) bool { return len(a) == len(b) && strings.EqualFold(a, b) }

func naiveNumber(col *logrows.Column, text string) (any, Reason) {
	if col.Type == logrows.Decimal {
		return text, ""
	}
	if col.Type == logrows.Real {
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, ReasonType
		}
		return f, ""
	}
	if _, e, ok := strings.Cut(strings.ToLower(text), "e"); ok && len(strings.Trim(e, "+-0")) > 3 {
		if strings.Trim(strings.ToLower(text)[:strings.Index(strings.ToLower(text), "e")], "-0.") == "" {
			text = "0"
		} else if !strings.HasPrefix(e, "-") || col.Type != logrows.Datetime {
			return nil, ReasonType
		} else if text[0] == '-' {
			text = "-0.00000000001"
		} else {
			text = "0"
		}
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		panic(text)
	}
	switch col.Type {
	case logrows.Bool, logrows.Int, logrows.Long:
		if !r.IsInt() || !r.Num().IsInt64() {
			return nil, ReasonType
		}
		n := r.Num().Int64()
		if col.Type == logrows.Bool {
			if n != 0 && n != 1 {
				return nil, ReasonType
			}
			return n == 1, ""
		}
		if col.Type == logrows.Int && (n < math.MinInt32 || n > math.MaxInt32) {
			return nil, ReasonType
		}
		return n, ""
	case logrows.Datetime:
		size := new(big.Rat).Abs(r)
		scale := big.NewRat(1, 100)
		for _, unit := range []struct {
			below, ticks int64
		}{{1e17, 10}, {1e14, 10_000}, {1e11, 10_000_000}} {
			if size.Cmp(big.NewRat(unit.below, 1)) < 0 {
				scale = big.NewRat(unit.ticks, 1)
			}
		}
		r.Mul(r, scale)
		ticks := new(big.Int).Div(r.Num(), r.Denom()) // rounds down: the denominator is positive
		ticks.Add(ticks, big.NewInt(logrows.UnixEpoch))
		if !ticks.IsInt64() || ticks.Int64() < 0 || ticks.Int64() > logrows.MaxDatetime {
			return nil, ReasonType
		}
		return timeOf(ticks.Int64()).Format(time.RFC3339Nano), ""
	}
	return nil, ReasonType
}

// sameValues compares a stored row with a naive one.
func sameValues(t *testing.T, want, got row) {
	t.Helper()
	for name, w := range want {
		g := got[name]
		if name == columnProperties {
			w = asJSON{w}
		}
		if wrapped, ok := w.(asJSON); ok {
			text, _ := g.(string)
			require.True(t, json.Valid([]byte(text)), "%s: %q", name, text)
			require.True(t, utf8.ValidString(text))
			w, g = wrapped.v, unmarshal([]byte(text))
		}
		require.Equal(t, w, g, name)
	}
	require.Len(t, got, len(want), "%v", got)
}

// FuzzLogRows compares our reader with encoding/json and conversions that were written for clarity alone.
func FuzzLogRows(f *testing.F) {
	for _, seed := range []string{
		`{"Text":"a","I":1,"L":"2","R":3.5,"D":1.10,"T":"2026-01-02T03:04:05.123Z","S":"1.02:03:04","G":"01234567-89ab-cdef-0123-456789abcdef","Any":{"a":[1]},"B":true}`,
		`{"TimeGenerated":1767323045123456789,"x":{"y":null},"Properties":{"x":1}}` + "\n" + `{"text":{"a":1}}` + "\n\nnonsense\n" + `{"I":1e2}{"I":2}`,
		"{\n\"Text\": \"a\"\n}", `{"_ResourceId":"/subscriptions/s/onlineEndpoints/e/deployments/d","EndpointName":"E"}`, `{"EndpointName":"-"}`,
		`{"Text":"\ud83d\ude00\ud800\n","\u0054ext":"b"}`, "{\"Text\":\"\xff\"}", `{"T":-1.5,"T":1e10}`, `{"Type":"Everything"}`, `{}`, `[`, `{"a":[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]}`,
		`{"TimeGenerated":"2027-01-01T00:00:00Z"}`, `{"L":9223372036854775807.0,"I":-0.0e1}`, `{"Properties":[1]}`, `{"T":100000000000,"TimeGenerated":"1767323045.5"}`,
		`{"T":"2026-01-02 03:04:05,123456789-0530"}` + "\n" + `{"T":"2026-01-02T03:04:05,1+2400"}`,
	} {
		f.Add([]byte(seed))
	}
	h := newLogHarness(f)
	table := h.in.logTables["Everything"].Table
	f.Fuzz(func(t *testing.T, body []byte) {
		if start := bytes.TrimLeft(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")), " \t\r\n"); len(body) > 100_000 || len(start) > 0 && start[0] == '[' {
			return // arrays have a target of their own
		}
		want, ok := naiveRows(h, table, body)
		if !ok {
			return
		}
		result, err := h.in.WriteLogs(h.ctx, "Everything", "", bytes.Clone(body))
		require.NoError(t, err)
		compareRows(t, want, h.store.take("Everything"), &result)
	})
}

func compareRows(t *testing.T, want []naiveRow, got []row, result *LogsResult) {
	t.Helper()
	refused := map[Reason]int{}
	var stored []row
	for _, n := range want {
		if n.reason != "" {
			refused[n.reason]++
		} else {
			stored = append(stored, n.values)
		}
	}
	require.Equal(t, refused, byReason(result), "%v", result.Err())
	require.Len(t, got, len(stored))
	for i := range stored {
		sameValues(t, stored[i], got[i])
	}
	for _, bad := range result.Bad {
		require.True(t, utf8.ValidString(bad.Message), "%q", bad.Message)
	}
}

// FuzzLogArray does the same for arrays, which are JSON or refused as a whole.
func FuzzLogArray(f *testing.F) {
	for _, seed := range []string{`[{"Text":"a"},{"I":"x"}, 5 ,{}]`, `[]`, ` [ ] `, `[{"Text":"a"}`, `[{"Text":"a"}] 1`, `[,]`, `[[[]],{"a":1}]`} {
		f.Add([]byte(seed))
	}
	h := newLogHarness(f)
	table := h.in.logTables["Everything"].Table
	f.Fuzz(func(t *testing.T, body []byte) {
		if start := bytes.TrimLeft(body, " \t\r\n"); len(body) > 100_000 || len(start) == 0 || start[0] != '[' {
			return
		}
		result, err := h.in.WriteLogs(h.ctx, "Everything", "", bytes.Clone(body))
		var raws []json.RawMessage
		if naiveErr := json.Unmarshal(body, &raws); naiveErr != nil {
			require.Error(t, err, "encoding/json: %s", naiveErr)
			require.Empty(t, h.store.take("Everything"))
			return
		}
		require.NoError(t, err)
		var want []naiveRow
		for _, raw := range raws {
			want = append(want, naiveLogRow(h, table, raw))
		}
		compareRows(t, want, h.store.take("Everything"), &result)
	})
}

// FuzzJSONText compares how strings are read and written.
func FuzzJSONText(f *testing.F) {
	for _, seed := range []string{"", "a", "\"\\\x00\n\x7f", "ä😀", "\xff\xed\xa0\x80", "0123456\"", "01234567\\", "\u2028"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var back string
		require.NoError(t, json.Unmarshal(appendJSONText(nil, s), &back))
		require.Equal(t, string([]rune(s)), back, "each byte that is no UTF-8 is a U+FFFD")
	})
}
