package evaluate

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/alerts/condition"
	"github.com/endscope/endscope/scopes"
)

func TestSeriesReadWhatTheyWrite(t *testing.T) {
	s := newSeries(identity{scopes.Path{Endpoint: "credit", Deployment: "blue"}, map[string]string{"code": "500", "odd name": "\x00\xff"}})
	s.state.Step(condition.PolicyOf(&alerts.Rule{AutoMitigate: true, EvaluationFrequency: 60e9}), minute(5), condition.Check{Verdict: condition.Met})
	for _, present := range []bool{false, true} {
		b := s.encode(present)
		id, state, is, err := decodeSeries(b)
		require.NoError(t, err)
		require.Equal(t, s.identity(), id)
		require.Equal(t, s.state, state)
		require.Equal(t, present, is)
		for i := range b {
			_, _, _, err := decodeSeries(b[:i])
			require.ErrorIs(t, err, errSeries)
		}
	}
}

func FuzzDecodeSeries(f *testing.F) {
	s := newSeries(identity{scopes.Path{Endpoint: "credit"}, map[string]string{"code": "500"}})
	f.Add(s.encode(true))
	f.Add([]byte{1, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		id, state, present, err := decodeSeries(b)
		if err != nil {
			return
		}
		same := newSeries(id)
		same.state = state
		again, state2, present2, err := decodeSeries(same.encode(present))
		require.NoError(t, err)
		require.Equal(t, id, again)
		require.Equal(t, state, state2)
		require.Equal(t, present, present2)
	})
}
