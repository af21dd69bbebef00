package fn

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/endscope/endscope/logs/kql/value"
)

// byteUnits are the units of format_bytes, each 1024 times the one before.
func byteUnits() []string { return []string{"Bytes", "KB", "MB", "GB", "TB", "PB", "EB"} }

func formatBytesFunctions() []Scalar {
	return []Scalar{{
		Signature: Signature{Text: "format_bytes(size: number, [precision: long], [units: string]): string", Help: "Writes a number of bytes with a unit, the largest that fits unless one is named."},
		Make:      makeFormatBytes,
	}}
}

func makeFormatBytes(_ *Context, args []Arg) (Eval, error) {
	if len(args) > 2 {
		if name, ok := args[2].Value.(string); args[2].Const && (!ok || byteUnit(name) < 0) {
			return nil, fmt.Errorf("there is no unit %q; there are %s", value.Text(args[2].Value), strings.Join(byteUnits(), ", "))
		}
	}
	return func(a []value.Value) (value.Value, error) {
		size, _ := value.ToFloat(a[0])
		precision := int64(0)
		if len(a) > 1 {
			precision, _ = value.ToLong(a[1])
		}
		if precision < 0 || precision > 15 {
			return nil, errors.New("format_bytes(): the precision must be from 0 to 15")
		}
		unit := 0
		if len(a) > 2 {
			if unit = byteUnit(value.Text(a[2])); unit < 0 {
				return "", nil
			}
		} else {
			for rest := math.Abs(size); rest >= 1024 && unit < len(byteUnits())-1; unit++ {
				rest /= 1024
			}
		}
		// Zeros at the end say nothing: 2 KB, not 2.0 KB.
		text := strconv.FormatFloat(size/math.Pow(1024, float64(unit)), 'f', int(precision), 64)
		if strings.Contains(text, ".") {
			text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
		}
		return text + " " + byteUnits()[unit], nil
	}, nil
}

func byteUnit(name string) int {
	for i, u := range byteUnits() {
		if strings.EqualFold(u, name) {
			return i
		}
	}
	return -1
}
