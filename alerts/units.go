package alerts

import (
	"math"
	"strconv"

	"github.com/endscope/endscope/scopes"
)

// ValueText writes a number for people, with so many significant digits and its unit.
func ValueText(v float64, unit scopes.Unit, digits int) string {
	switch unit {
	case scopes.UnitBytes, scopes.UnitBytesPerSecond:
		per := ""
		if unit == scopes.UnitBytesPerSecond {
			per = "/s"
		}
		for _, step := range []struct {
			size float64
			name string
		}{{1 << 40, "TiB"}, {1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
			if math.Abs(v) >= step.size {
				return rounded(v/step.size, digits) + " " + step.name + per
			}
		}
		return rounded(v, digits) + " B" + per
	case scopes.UnitPercent:
		return rounded(v, digits) + "%"
	case scopes.UnitCount, scopes.UnitRatio, "":
		return rounded(v, digits)
	}
	names := map[scopes.Unit]string{scopes.UnitCountPerSecond: "/s", scopes.UnitMilliseconds: "ms", scopes.UnitSeconds: "s", scopes.UnitWatts: "W",
		scopes.UnitJoules: "J", scopes.UnitCelsius: "°C", scopes.UnitHertz: "Hz", scopes.UnitHours: "h"}
	name, ok := names[unit]
	if !ok {
		name = string(unit)
	}
	return rounded(v, digits) + " " + name
}

// rounded writes a number with so many significant digits; whole digits are never rounded away.
func rounded(v float64, digits int) string {
	if math.Abs(v) >= math.Pow10(digits-1) {
		return strconv.FormatFloat(math.Round(v), 'f', -1, 64)
	}
	short, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', digits, 64), 64)
	if err != nil {
		return strconv.FormatFloat(v, 'f', -1, 64) // not reached: it was written by this program
	}
	return strconv.FormatFloat(short, 'f', -1, 64)
}
