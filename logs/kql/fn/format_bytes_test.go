package fn

import (
	"testing"

	"github.com/endscope/endscope/logs/kql/value"
)

func TestFormatBytes(t *testing.T) {
	for want, args := range map[string][]any{
		"0 Bytes":    {0},
		"1023 Bytes": {1023},
		"1 KB":       {1024},
		"1.5 KB":     {1536, 2},
		"-2 MB":      {-2097152},
		"0.25 GB":    {268435456, 2, "gb"},
		"8 EB":       {9223372036854775807},
	} {
		vals := make([]value.Value, len(args))
		for i, a := range args {
			if n, ok := a.(int); ok {
				a = int64(n)
			}
			vals[i] = a
		}
		if got := call(t, "format_bytes", vals...); got != want {
			t.Errorf("format_bytes(%v) = %v, want %s", args, got, want)
		}
	}
}
