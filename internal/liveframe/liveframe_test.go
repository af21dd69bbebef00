package liveframe

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestPercentilesOfMergedHistogramsAreWithinABucket(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(rapid.Float64Range(1e-5, 1e5), 1, 200).Draw(t, "durations")
		parts := [3]Counts{}
		for i, d := range all {
			parts[i%3].Observe(d)
		}
		var merged Counts
		for i := range parts {
			text, err := json.Marshal(parts[i].Histogram())
			require.NoError(t, err)
			var h Histogram
			require.NoError(t, json.Unmarshal(text, &h))
			n, err := h.check()
			require.NoError(t, err)
			require.Equal(t, parts[i].Count(), n)
			merged.Add(h)
		}
		var other Counts
		for i := range parts {
			other.Merge(&parts[i])
		}
		require.InEpsilon(t, merged.Mean(), other.Mean(), 1e-9)
		slices.Sort(all)
		require.Equal(t, all[len(all)-1], merged.Max())
		for _, q := range []float64{0.5, 0.9, 0.99, 1} {
			exact := all[max(int(math.Ceil(q*float64(len(all))))-1, 0)]
			got := merged.Quantile(q)
			require.LessOrEqual(t, got, exact*Factor*(1+1e-9))
			require.GreaterOrEqual(t, got, exact/Factor*(1-1e-9))
			require.Equal(t, got, other.Quantile(q))
		}
	})
}

func TestDurationsOutsideTheRangeCount(t *testing.T) {
	var c Counts
	c.Observe(0)
	c.Observe(-1)
	c.Observe(1e9)
	h := c.Histogram()
	require.Equal(t, []Bucket{{lowest, 2}, {highest, 1}}, h.Buckets)
	require.EqualValues(t, 3, c.Count())
}

func TestFilters(t *testing.T) {
	facts := Facts{Method: "POST", Path: "/v1/Chat/completions", Status: 503, Model: "llama", Streaming: true, Duration: 200 * time.Millisecond}
	one := func(dimension, op string, values ...string) Filter {
		return Filter{Groups: []Group{{Dimension: dimension, Terms: []Term{{Op: op, Values: values}}}}}
	}
	for _, tc := range []struct {
		name  string
		f     Filter
		takes bool
	}{
		{"nothing asked", Filter{}, true},
		{"equal without case", one("method", "eq", "post"), true},
		{"another", one("Method", "eq", "GET"), false},
		{"any", one("method", "eq", "*"), true},
		{"class", one("statusCodeClass", "eq", "5XX"), true},
		{"status in", one("statusCode", "in", "500", "503"), true},
		{"status not in", one("statusCode", "not in", "500", "503"), false},
		{"no answer of the model", one("modelStatusCode", "eq", ""), true},
		{"begins", one("path", "sw", "/v1/chat"), true},
		{"begins, too long", one("path", "sw", "/v1/chat/completions/more"), false},
		{"contains", one("path", "contains", "COMPLE"), true},
		{"expression fits whole", one("path", "matches", "/v1/chat"), false},
		{"expression", one("path", "matches", "/v1/.*"), true},
		{"streaming", one("streaming", "eq", "true"), true},
		{"model", one("model", "ne", "llama"), false},
		{"long enough", Filter{MinDurationMS: 200}, true},
		{"too short", Filter{MinDurationMS: 201}, false},
		{"one of two groups", Filter{Groups: []Group{one("method", "eq", "post").Groups[0], one("model", "eq", "x").Groups[0]}}, false},
		{"one of two terms", Filter{Groups: []Group{{"model", []Term{{"eq", []string{"x"}}, {"eq", []string{"llama"}}}}}}, true},
	} {
		m, err := Compile(tc.f)
		require.NoError(t, err, tc.name)
		require.Equal(t, tc.takes, m.Takes(&facts), tc.name)
	}
	for want, f := range map[string]Filter{
		`dimension "colour" must be one of method, path`:   one("colour", "eq", "x"),
		`comparison "like" must be`:                        one("path", "like", "x"),
		`must be a regular expression`:                     one("path", "matches", "("),
		`"eq" has 2 values`:                                one("path", "eq", "a", "b"),
		`at most 512 bytes (got 513)`:                      one("path", "eq", strings.Repeat("a", 513)),
		`at most 32 values`:                                one("path", "in", strings.Split(strings.Repeat("a ", 33), " ")...),
		`must be between 0 and 86400000 ms (got -1)`:       {MinDurationMS: -1},
		`at most 8 conditions`:                             {Groups: make([]Group, 9)},
		`dimension "path" must be compared with something`: {Groups: []Group{{Dimension: "path"}}},
	} {
		_, err := Compile(f)
		require.ErrorContains(t, err, want)
	}
}

const good = `{"second":1764316800,"in_flight":2,"cpu":0.5,"gpus":[{"gpu":"0","utilization":0.25}],"new":"passed over","views":[{"view":0,"requests":2,"failures":1,
"classes":[0,0,1,0,0,1],"duration":{"sum":0.3,"max":0.2,"buckets":[[-27,1],[-18,1]]},"failing":[{"path":"/score","status":500,"duration_ms":200}]}]}`

func TestDecodeFrame(t *testing.T) {
	f, err := DecodeFrame([]byte(good))
	require.NoError(t, err)
	require.EqualValues(t, 2, f.Views[0].Requests)
	require.Nil(t, f.Memory, "absent is absent")
	long, err := DecodeFrame([]byte(strings.Replace(good, "/score", "/"+strings.Repeat("é", 400), 1)))
	require.NoError(t, err)
	require.Len(t, long.Views[0].Failing[0].Path, 511, "half a character is left out")
	for _, tc := range []struct{ old, new, want string }{
		{good, "garbage", "must be JSON"},
		{`"requests":2`, `"requests":3`, "must add up to the requests (3)"},
		{`"failures":1`, `"failures":3`, "failures (3) must not be more"},
		{`"failures":1`, `"failures":-1`, "a count must be between 0 and 1000000000000 (got -1)"},
		{`"cpu":0.5`, `"cpu":1.5`, "a share must be between 0 and 1 (got 1.5)"},
		{`"utilization":0.25`, `"utilization":-1`, "a share must be"},
		{`[-18,1]`, `[-28,1]`, "bucket [-28 1] must have an index above -27"},
		{`[-18,1]`, `[500,1]`, "bucket [500 1]"},
		{`"sum":0.3`, `"sum":-0.3`, "sum and max of durations"},
		{`"duration_ms":200`, `"duration_ms":-2`, "a duration must be between"},
		{`"failing":[`, `"failing":[{},{},{},{},{},{},{},{},{},{},`, "at most 10 failing requests and 3 slow ones (got 11 and 0)"},
		{`"failing":[`, `"slowest":[{},{},{},{}],"failing":[`, "and 3 slow ones (got 1 and 4)"},
		{`"failing":[`, `"slowest":[{"duration_ms":-1}],"failing":[`, "a duration must be between"},
		{`"gpus":[`, `"gpus":[` + strings.Repeat("{},", 128), "128 GPUs"},
	} {
		text := strings.Replace(good, tc.old, tc.new, 1)
		require.NotEqual(t, good, text)
		_, err := DecodeFrame([]byte(text))
		require.ErrorContains(t, err, tc.want)
	}
}

func TestDecodeMessage(t *testing.T) {
	a, err := DecodeMessage([]byte(`{"frames":{"lease_ms":10000,"time_ms":5,"views":[{"id":3}]},"other":1}`))
	require.NoError(t, err)
	require.Equal(t, &Ask{LeaseMS: 10000, TimeMS: 5, Views: []View{{ID: 3}}}, a)
	a, err = DecodeMessage([]byte(`{"something":"later"}`))
	require.NoError(t, err)
	require.Nil(t, a)
	_, err = DecodeMessage([]byte(`{"frames":{"lease_ms":60001}}`))
	require.ErrorContains(t, err, "lease_ms must be between 0 and 60000 (got 60001)")
	_, err = DecodeMessage([]byte(`{"frames":{"views":[` + strings.Repeat("{},", 16) + `{}]}}`))
	require.ErrorContains(t, err, "at most 16 views (got 17)")
	_, err = DecodeMessage([]byte(`[`))
	require.Error(t, err)
}

// FuzzDecodeFrame shows that what is taken can be merged and written again.
func FuzzDecodeFrame(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte(`{"second":1}`))
	f.Add([]byte(`{"views":[{"duration":{"buckets":[[9223372036854775807,1]]}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		frame, err := DecodeFrame(data)
		if err != nil {
			return
		}
		var c Counts
		for _, v := range frame.Views {
			before := c.Count()
			c.Add(v.Duration)
			require.Equal(t, v.Requests, c.Count()-before)
		}
		if c.Count() > 0 {
			require.False(t, math.IsNaN(c.Quantile(0.99)))
		}
		text, err := json.Marshal(frame)
		require.NoError(t, err)
		_, err = DecodeFrame(text)
		require.NoError(t, err)
	})
}

// FuzzDecodeMessage shows that an agent can compile whatever it is asked, or refuse it.
func FuzzDecodeMessage(f *testing.F) {
	f.Add([]byte(`{"frames":{"lease_ms":10000,"views":[{"id":1,"filter":{"groups":[{"dimension":"path","terms":[{"op":"matches","values":["(a|b)*"]}]}]}}]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		ask, err := DecodeMessage(data)
		if err != nil || ask == nil {
			return
		}
		for _, v := range ask.Views {
			if m, err := Compile(v.Filter); err == nil {
				m.Takes(&Facts{Path: "/abab"})
			}
		}
	})
}
