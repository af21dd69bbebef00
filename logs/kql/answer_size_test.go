package kql

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/logs/kql/value"
)

func TestEncodedSizeIsNearTheTruth(t *testing.T) {
	bag, ok := value.ParseJSON(`{"level":"error","n":[1,2,3],"nested":{"a":true,"b":null}}`)
	require.True(t, ok)
	for _, v := range []value.Value{nil, true, false, int32(-5), int64(0), int64(-9223372036854775808), 0.1234567890123456, strings.Repeat("x", 1000), value.Time(638000000000000001), value.Span(-12345678), bag, value.UUID("74be27de-1e4e-49d9-b579-fe0b331d3642")} {
		as := value.TypeOf(v)
		exact := len(AppendCell(nil, v, as))
		got := encodedSizeOf(v)
		require.GreaterOrEqual(t, got+4, exact, "%v", v)
		require.LessOrEqual(t, got, exact+30, "%v", v)
	}
}
